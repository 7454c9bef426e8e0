"""Personal names as customers type them: lists to look up, in lower case.

Written by hand for this library: names that are common in the Netherlands, Flanders and Britain,
of all origins. They need not be complete: where a cue says that a name follows, a capital is
enough (see ``cxnlp.insights.names``).
"""

from __future__ import annotations

#: First names that are hardly ever another word: masked wherever they stand.
FIRST_NAMES = frozenset(
    """
    aad aaliyah aaron abby abdel abdul abdullah abdullahi abena abigail adam adebayo adriaan
    adrian agnes agnieszka ahmed ailsa aisha aishah alan albert aled alejandro aleksandra alex
    alexander alexandra alfie ali alice alicia alisha alison allison amanda amara amina amir
    amira amit amy amélie an-sofie ananya anass anastasia andrea andreas andrew andries andriy
    andrzej angela angelique angus anika anil anique anita anja anjali anke anna annabel anne
    anneka anneke annelieke annelies annemarie annemiek annet annette annie anouk anthony antje
    antoinette anton antonio aoife arend arie arjan arjen arjun arnold arnoud arthur arun asha
    ashley ashok astrid ayla ayse ayşe aziz babatunde babette barbara barry bart bartosz bas
    bastiaan beata beatrice benjamin bernadette bernard bert bertus beth bethany bettany betty
    bianca bilal björn bogdan boudewijn bouke brahim bram brandon brenda brian bridget bronagh
    bryan burak bushra callum cameron cansu carla carlijn carlo carlos carmen carolien carolijn
    caroline caspar casper catherine cathy catriona cecile cedric cees celine chaima chantal
    charles charlie chidi chinedu chloe chris christel christiaan christina christine christoph
    christopher ciara cindy claire clara claudia clive cobie coen colin connie connor conny cor
    corine corinne corrie craig cynthia daan dafydd damian daniel danielle daniëlle danny daphne
    dariusz darren david debbie deborah deepak demi denise dennis derek derya desmond dewi diana
    diane dianne diederick diederik dieter dilan dilara dimitri dina dirk-jan divya dmytro
    dominique donald donna dorien doris dorota dorothy douwe duncan dylan ebru eddy edgar edith
    eduard edward edwin eileen elena elif elin eline elisa elisabeth elise elizabeth ellen elles
    ellie els elsa emeka emily emine emir emma emre eoin eric erica erik erika erwin esmee esra
    esther ethan eva evelien evelyn evert evi ewa ewelina ewout fabian fabiënne fadila faisal
    famke farida fatih fatiha fatima fatma fatou fatoumata fay felix femke fenna ferdinand
    fergus fernanda finlay fiona fionnuala floortje floris fons fouad frances francine francis
    francisca franciscus franka fred freddie frederik freek freya frida frits frédérique
    funmilayo gabriel gareth gary gaston gavin geert geertje geesje gemma geoff george gerald
    gerard gerben gerda gerrit gert gertjan gerty gethin gijs gilles gillian giovanni gisela
    glenn gloria glyn godelieve goran graham greet greg gregory greta grzegorz gráinne guido
    gwen gülsen hakan halil halima halina hamid hamish hamza hanna hannah hanneke hannie hans
    harald harold harrie harriet harry harvey hasan hassan hatice heather heidi hein heleen
    helen helena helga hendrik henk hennie henny henri henriette henrik henry herman hester
    hettie hetty hicham hilbert hilda hilde hiroshi hugo huub hélène hülya ian ibrahim ida idris
    ilham ilias ilja ilona ilse imane imke imogen imran imtiaz ina ine ineke inez inge ingeborg
    ingrid irene irina irma isaac isabel isabella isabelle isla ismail ivan ivo iwona jaap
    jackie jacky jaco jacob jacqueline jacques jada jaime jamal jamie jan jana jane janet janice
    janine janna janneke jannie jarno jasmijn jasmin jasmine jason jasper javier jayden jeanette
    jeanine jef jeff jeffrey jelle jelmer jenna jennifer jenny jens jeremy jeroen jerome jesse
    jessica jessie jessy jip joan joanna joanne jochem joep joeri joey johan johanna johannes
    john johnny jolanda jolanta jolien jonas jonathan joost jorien joris jorrit jose josefien
    joseph josephine josh joshua josien josé joyce juan judith julia julian juliana julie julien
    juliet jurgen jurjen jurre justin justine jürgen kaan karel karen karien karim karima karin
    karina karl karlijn kasia kasper katarzyna kate katherine kathleen kathryn kathy katie katja
    katrien katrijn kavita kay kayleigh kees keith kelly kelvin kemal kenneth kenzo kevin
    khadija khalid kieran kim kimberley kimberly kiran kirsten kitty klaas koen kofi kristel
    kristen kristina kristof krzysztof kwame kyan kyle kübra lakshmi lars latifa laura lauren
    laurens laurie layla leah leanne lena lennart leo leon leonard leonie leonora leontien leroy
    lesley leslie levi lia liam lianne lidewij lieke liesbeth lieselotte linda lindsay lindsey
    lionel lisa lisanne lisette lizzy loes lonneke lorena lorenzo loretta lorraine lotte louis
    louisa louise lourens lowie loïs luc lucas lucia lucie lucien lucy luisa luka lukas luuk
    lydia lynn lynne maaike maarten maartje maddy madeleine madelief magda magdalena magnus
    mahmoud malcolm malika malou manish manon manuel marc marcel marcella marcin marco marcus
    margaret margje margo margot margreet margriet maria mariam marianne marie marieke marielle
    marijke marijn marika marina mario marion mariska marit marius mariusz mariëlle mariëtte
    marja marjan marjolein marjolijn marleen marlies marloes marlon marlou marnix martijn martin
    martina martine marvin mary maryam maryse mathijs mathilde matteo matthew matthias matthijs
    maud maureen maurice maurits mauro małgorzata meaghan megan mehdi mehmet mei-ling melanie
    melissa melvin merijn mert merve michael michaela michal michel michelle michiel mieke mien
    miep miguel mikhail mila milan milou mimi mina miranda miriam mirjam mirte mirthe mitchell
    mohamed mohammad mohammed moira monica moniek monika monique morag morgan mounir mourad
    muhammad murat mustafa myriam myrthe nabil nadia nadine nancy naomi nasreen natalia natalie
    natasha nathalie nathan nazli neha neil nel nele nelleke nelson nesrin ngozi niamh nicholas
    nicky nico nicola nicolas nicole nicolette niek niels nienke nigel nikhil nikki nina nisha
    noah noel noor noortje nora noud nour nynke oisín oksana olaf olena oliver olivia olivier
    oluwaseun omar oscar osman oumaima owen pablo padraig pamela paola pascal pascale patricia
    patrick paul paula paulien pauline pawel pedro peggy pepijn peter petra philip philippe
    phoebe phyllis pien piet pieter pieter-jan pim piotr pooja preeti priscilla priya quincy
    quinten rachel rachid rafael rahul rajesh ralf ralph ramon ramona rania raoul rashid ravi
    rayan raymond rebecca recep rehana reinier reinoud remco remko remy renate rene renee renske
    rené renée rhiannon rhys ria rianne ricardo riccardo richard rick rik rina rita robbert
    robert roberto rodney roel roeland roger rohan rohit roland rolf romano romy ronald ronnie
    rory rosalie rosalind rosanne rosie ruben rudi rudolf rudy ruslan rutger ruth ruud ryan
    róisín saartje sabine sabrina sally salma salman sam samantha samir samira samuel sander
    sandra sanjay sanjeev sanne saoirse sara sarah sascha saskia saïd scott sean sebastiaan
    sebastian selam selma sem seppe serena serge sergio serkan seth shabnam shane shanice
    shannon sharon shazia sheila shirley sian sietske sigrid silke silvia simon simone siobhan
    siobhán siân sjaak sjoerd sjors sofian sofie sonja sophia sophie soraya stacey stefan
    stefanie stella stephan stephanie stephen steve steven stijn stuart sunil sunita suresh
    susan susanna susanne suzan suzanne suze sven svetlana svitlana sybren sylvia sylvie tahir
    tamara tania tanja tara tarik tariq tatiana teresa teun teunis thea theo theresa thibault
    thijs thomas tijmen tijn tijs tim timo timothy tina tineke tinka titia tjeerd tobias tom
    tomasz tommy tony tracey tracy trevor trudy truus tugba tuğba tyler umut ursula usha valerie
    vanessa vera veronica veronique vicky victor vijay vikram vincent vivian wahid walter wanda
    wendy werner wesley wieke wietse wilbert wilfred wilhelmina willeke willem wilma wim wout
    wouter xander yasemin yasin yasmin yasmina yasmine yassine youssef yuki yusra yusuf yvette
    yvonne zahra zainab zeynep zoe zofia zoë zuzanna ömer özlem
    """.split()
)

#: First names that are other words without their capital: masked wherever they have it.
CAPITALISED = frozenset(
    """
    ana ans bob bobby bonnie carol cas cleo douglas earl ed ella elsje ernst fien finn fleur
    frans gail gene georgie gill guus isa ivy jack jake jay jean jeen jerry jill jim joe jos
    jude juliette kai ken kirk koos kris lance lea lex lily lloyd lou luke mart matt mia mick
    mike milo nell nick pam phil puck riet rob robin ron rosa rosemary ross roy sid staf stan
    stef ted teddy terry tess tessa tilly toby tonny wilco
    """.split()
)

#: First names that are also words, brands or places: masked after a cue, with a capital.
AMBIGUOUS = frozenset(
    """
    abel amber bea ben bill bo brook brooke christian clemens co daisy dale dawn dean dick dirk
    don drew erin eve faith ferry frank gerrie grace guy hazel heath hope hunter iris jade jaimy
    james jet jo joke joy lee lien lieve lin linde luna mandy martha mason max mees merel miles
    moos nova olive pansy pat patience pearl penny pilar poppy ray rein rich roos rose ruby rune
    saar sep sonny sterre sue ton wade ward wil will wynn
    """.split()
)

#: Surnames, looked up after a title or a first name where no capital tells.
SURNAMES = frozenset(
    """
    aerts akkerman appelman baker bakker beckers berendsen berg boer boersma bos bosch bosman
    bouman brands brouwer brown bruijn bruin buijs celik claes claessens clarke coenen cohen
    collins cornelissen cox davies davis dekker demir dijk dijkstra doorn driessen edwards
    el-amrani elias evans evers evertsen franssen gerritsen goossens graaf green griffiths groen
    haan hall harris heijden hendriks hermans heuvel hoekstra hofman horst hughes huisman
    hussain jackson jacobs jansen janssen janssens jenkins johnson jones jong jonker kaya kelly
    khan kok koning koster kramer kuijpers kuiper kumar lee leeuwen lewis linden maas maes
    martens meer meijer mertens meyer michels miller mitchell molenaar moore morgan mulder
    murphy nguyen nowak parker patel peeters peters phillips pieters postma price prins richards
    robbins roberts robinson rooij sanders schipper scholten schouten scott shah singh smeets
    smit smith smits stevens taylor thomas thompson timmermans turner veen veenstra verbeek
    verhoeven vermeulen versteeg visser vliet vos vries wagenaar walker walsh ward watson westra
    white willems willemsen williams wilson wit wouters wright yildiz yilmaz young yıldız
    zijlstra çelik öztürk şahin
    """.split()
)

#: Words that are written with a capital after a cue and are no names.
NOT_NAMES = frozenset(
    """
    a aan afdeling alle alleen als amazon and anderhalf april as at augustus balie bedankt beste
    blij but customer customers daar daarna dan dank dat de december deze die direct dit door
    dus echt een eens en english er erg essent etam facebook februari fijn for friday frontdesk
    geen geweldig god goed goede google great groet groeten groetjes haar had have he heeft heel
    heer heerlijk helaas helemaal helpdesk heren het hier hij hoe hun i iedereen ik in is it
    jammer januari juli jullie juni kan keurig klant klanten klantendienst klantenservice kon
    lovely maandag maar maart mag manager martens mei meneer met mevrouw mij mijn monday mr mrs
    ms na naar namens nederlands nee netjes niemand niet no nog november nu oetker of ok oke
    oktober oké on one onze ook op or our perfect personeel please president prima receptie
    reception right saturday september service she sinds sir slecht snel sommige staff sunday
    super support team tevreden thank thanks that the then there they this thursday to toen top
    tuesday twitter u uit uw van vanaf vandaag veel verder very voor vriendelijk vrijdag waar
    waarom wanneer want was wat we wednesday what whatsapp when who why wie wij with woensdag
    yes you zaterdag ze zeer zij zo zondag zonder
    """.split()
)
