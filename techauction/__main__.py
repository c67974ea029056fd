"""`python -m techauction` is the `techauction` command."""

from techauction.cli import main

if __name__ == "__main__":
    main(prog_name="techauction")
