"""``python -m bc_pipeline`` is ``bc-pipeline``."""

from bc_pipeline.cli import main

if __name__ == "__main__":
    main()
