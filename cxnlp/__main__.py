"""`python -m cxnlp` is the command line."""

from cxnlp.cli import main

if __name__ == "__main__":
    main()
