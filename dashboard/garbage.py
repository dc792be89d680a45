"""When Python looks for what nobody refers to any more. Only rings of objects wait for that."""

import gc


def settle() -> None:
    """Let the collector come seldom, and pass by what lives as long as the process: the program itself.

    It would look through all of it again whenever some ten thousand secrets were read, and through the
    new ones every 700 objects, which a single page makes many times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
