"""Personal names as customers type them: lists to look up, in lower case.

They stand beside `cxnlp.firstnames`, which holds the first names that are hardly ever another word.
Written by hand for this library: names that are common in the Netherlands, Flanders and Britain,
of all origins. They need not be complete: where a cue says that a name follows, a capital is
enough (see ``cxnlp.insights.names``).
"""

from __future__ import annotations

#: First names that are other words without their capital: masked wherever they have it.
CAPITALISED = frozenset(
    """
    ana ans bob bobby bonnie carol cas cleo douglas earl ed ella elsje ernst fien finn fleur
    frans gail gene georgie gill greet gul gunden guus isa ivy jack jake jay jean jeen jerry
    jill jim joe jos jude juliette kai ken kirk koos kris lance lea lex lily lloyd lou loïs luke
    mart matt mia mick mien mike milo nell nick pam phil puck riet rob robin ron rosa rosemary ross
    roy saïd sid staf stan stef ted teddy terry tess tessa tilly toby tonny wilco ömer
    """.split()
)

#: First names that are also words, brands or places: masked after a cue, with a capital.
AMBIGUOUS = frozenset(
    """
    abel ad amber bea ben bill bo brook brooke chen christian clemens co daisy dale dawn dean
    dick dirk don drew erin eve faith ferry floor frank ger gerrie grace guy hazel heath hope
    hunter iris jade jaimy james jet jing jo joke joy lee lien lieve lin linde luna mandy mark
    martha mason max mees merel miles mo moos nova olive pansy pat patience pearl penny pilar
    poppy raj ray rein rich roos rose ruby rune saar sep sonny sterre sue ton wade ward wei wil
    will wynn
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

#: Surnames that are words as well: "Olive Green" is a colour.
WORDLIKE = frozenset(
    "baker berg bos bosch brown green groen hall jong lee meer price prins turner veen walker ward "
    "white wit young".split()
)

#: Words that are written with a capital after a cue and are no names.
NOT_NAMES = frozenset(
    """
    a aan abonnement afdeling alle alleen als amazon and anderhalf april as at augustus balie
    bedankt beste blij but customer customers daar daarna dan dank dat de december deze die
    direct dit door dus echt een eens en english er erg essent etam facebook februari fijn for
    friday frontdesk geen geweldig god goed goede google great groet groeten groetjes haar had
    have he heeft heel heer heerlijk helaas helemaal helpdesk heren het hier hij hoe hun i
    iedereen ik in is it jammer januari juli jullie juni kamer kan keurig klant klanten
    klantendienst klantenservice kon lovely maandag maar maart mag manager martens mei meneer
    met mevrouw mij mijn monday mr mrs ms na naar namens nederlands nee netjes niemand niet no
    nog november nu oetker of ok oke oktober oké on one onze ook op or our perfect personeel
    pizza please president prima receptie reception right saturday september service she sinds
    sir slecht snel sommige staff sunday super support team tevreden thank thanks that the then
    there they this thursday to toen top tuesday twitter u uit uw van vanaf vandaag veel verder
    very voor vriendelijk vrijdag waar waarom wanneer want was wat we wednesday what whatsapp
    when who why wie wij with woensdag yes you zaterdag ze zeer zij zo zondag zonder
    """.split()
)
