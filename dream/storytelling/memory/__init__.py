"""Memory: what a told scene leaves for the next. Who is in it, how it may go on, and the story so far in short.

It is read by a model where the storyteller fills forms, and out of the text itself where none does or the model's
answer does not fit.
"""
