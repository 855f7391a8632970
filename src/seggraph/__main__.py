"""`python -m seggraph` is `seggraph`."""

from seggraph.cli import main

if __name__ == "__main__":
    main()
