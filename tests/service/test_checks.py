"""`digest check` names templates that replace nothing, under their new names if digest has renamed them."""

from pathlib import Path

import pytest

from digest.app import open_newsletter
from digest.render.renderer import PACKAGED
from digest.service.checks import RENAMED_TEMPLATES, _stray_templates
from tests.conftest import Furnish
from tests.newsroom import NOW


@pytest.mark.parametrize(("old", "new"), RENAMED_TEMPLATES.items())
def test_a_template_under_its_old_name_is_named_with_the_new_one(furnish: Furnish, old: str, new: str) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    file = root / "templates" / old
    file.parent.mkdir(parents=True)
    file.write_text("x")
    with open_newsletter(root, lambda: NOW) as app:
        (finding,) = _stray_templates(app)
    assert finding.level == "warning"
    assert finding.text == f"templates/{old} replaces no built-in template. It is called {new} now"
    assert (PACKAGED / new).is_file()
    assert not Path(PACKAGED / old).exists()
