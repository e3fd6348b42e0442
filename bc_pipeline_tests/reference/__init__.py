"""The pages in ``docs/reference``, made of the code that they describe.

``make reference`` writes them; they are committed, because people read them on the forge, and a
test compares. What a page says of a thing stands where the thing is declared, never here.
"""
