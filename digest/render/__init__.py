"""Stage 3: an edition becomes HTML and text.

`renderer` (templates, MJML, CSS); `variants` (one edition for each set of stories that its subscribers chose); `mjml_errors`.
"""
