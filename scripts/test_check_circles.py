#!/usr/bin/env python3
"""The check of circles finds those that are planted, and no others."""

import tempfile
import unittest
from pathlib import Path

from check_circles import wrong_circles


def found(files: dict) -> list:
    """What the check says of a crate of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(wrong_circles(Path(folder) / "src"))


class Circles(unittest.TestCase):
    def test_two_that_import_each_other_are_named_with_their_lines(self):
        [circle] = found({
            "lib.rs": "mod one;\nmod two;\n",
            "one.rs": "//! One.\n\nuse crate::two::Two;\n\npub struct One(Two);\n",
            "two.rs": "pub struct Two;\n\nfn of(_: super::one::One) {}\n",
        })
        self.assertIn("2 modules import each other in a circle: crate::one, crate::two", circle)
        self.assertIn("one.rs:3: imports crate::two", circle)
        self.assertIn("two.rs:3: imports crate::one", circle)

    def test_a_circle_may_go_by_way_of_others(self):
        files = {"lib.rs": "mod one;\nmod two;\nmod three;\n"}
        for name, other in [("one", "two"), ("two", "three"), ("three", "one")]:
            files[f"{name}.rs"] = f"use crate::{{{other}::{{self}}}};\n\npub fn go() {{ {other}::go() }}\n"
        [circle] = found(files)
        self.assertIn("3 modules", circle)
        files["three.rs"] = "pub fn go() {}\n"
        self.assertEqual(found(files), [])

    def test_a_parent_that_declares_and_passes_on_imports_nothing(self):
        self.assertEqual(found({
            "lib.rs": "mod parent;\n",
            "parent/mod.rs": "mod one;\nmod two;\n\npub use one::One;\npub use self::two::*;\n",
            "parent/one.rs": "pub struct One;\n",
            "parent/two.rs": "use super::One;\n\npub struct Two(One);\n",
        }), [])

    def test_who_says_the_parents_name_imports_the_child_that_has_it(self):
        [circle] = found({
            "lib.rs": "mod parent;\n",
            "parent/mod.rs": "mod one;\nmod two;\n\npub use one::One;\npub use two::*;\n",
            "parent/one.rs": "use crate::parent::Two;\n\npub struct One(Two);\n",
            "parent/two.rs": "use super::One;\n\npub struct Two(Box<One>);\n",
        })
        self.assertIn("crate::parent::one, crate::parent::two", circle)

    def test_a_parent_and_a_child_that_use_each_other_are_a_circle(self):
        [circle] = found({
            "lib.rs": "mod parent;\n",
            "parent.rs": "mod child;\n\npub const MOST: usize = 1;\n\npub fn go() {\n    child::go();\n}\n",
            "parent/child.rs": "pub fn go() -> usize {\n    super::MOST\n}\n",
        })
        self.assertIn("parent.rs:6: imports crate::parent::child", circle)
        self.assertIn("child.rs:2: imports crate::parent", circle)

    def test_folders_are_a_circle_though_their_files_are_none(self):
        [circle] = found({
            "lib.rs": "mod one;\nmod two;\n",
            "one/mod.rs": "pub mod high;\npub mod low;\n",
            "two/mod.rs": "pub mod high;\npub mod low;\n",
            "one/high.rs": "use crate::two::low::go;\n",
            "two/high.rs": "use crate::one::low::go;\n",
            "one/low.rs": "pub fn go() {}\n",
            "two/low.rs": "pub fn go() {}\n",
        })
        self.assertIn("crate::one, crate::two", circle)
        self.assertIn("one/high.rs:1: imports crate::two::low", circle)

    def test_tests_texts_and_comments_import_nothing(self):
        self.assertEqual(found({
            "lib.rs": "mod one;\nmod two;\n",
            "one.rs": "use crate::two::Two;\n\npub struct One(Two);\n",
            "two.rs": (
                "//! Of [`crate::one::One`].\n\npub struct Two;\n\npub const NAME: &str = \"crate::one::One\";\n"
                "const QUOTE: char = '\"'; // crate::one::One\n\n#[cfg(test)]\nuse crate::one::One;\n\n"
                "#[cfg(test)]\nmod tests {\n    use crate::one::One;\n}\n"
            ),
        }), [])


if __name__ == "__main__":
    unittest.main()
