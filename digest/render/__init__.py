"""Stage 3: render an edition as HTML and text.

`renderer` (templates, MJML, CSS); `variants` (an edition for each set of stories that its subscribers chose); `mjml_errors`.
"""
