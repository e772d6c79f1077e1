#!/usr/bin/env python3
"""Keeps modules from importing in circles, in every crate (see ARCHITECTURE.md).

A module imports another where its code names something that is defined there, by a `use` or by a path on the spot
(`crate::x::y`, `super::y`, `child::y`). A name that a module only passes on is looked up where it is defined:
`mod child;` and `pub use child::Thing;` are no imports of a parent, and whoever says `parent::Thing` imports the
child. Naming a module imports nothing by itself; what is named through it does. Tests are not looked at.

The rule holds at each level: the children of a module, each with all that is below it, and the module's own code must
not reach each other in a circle. So no files import in a circle, and no folders do.

What it cannot see: methods called on a value whose type is never named. Needs Python 3.9, no network, and less than
a second.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Comments, texts and characters, in which nothing is imported. Lifetimes look like the beginning of a character.
NO_CODE = re.compile(
    r"""//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|\bb?r(?P<hashes>\#*)"(?:.|\n)*?"(?P=hashes)|"(?:[^"\\]|\\(?:.|\n))*"|'(?:[^'\\]|\\[^']+)'"""
)
PATH = re.compile(r"(?<![\w:.])(?:r#)?[A-Za-z_]\w*(?:\s*::\s*(?:r#)?[A-Za-z_]\w*)+")
USE = re.compile(r"^[ \t]*(?P<public>pub(?:\s*\([^)]*\))?\s+)?use\s+(?P<tree>[^;]+);", re.MULTILINE)
CHILD = re.compile(
    r"^[ \t]*(?:\#\[path\s*=[^\]]*\]\s*)?(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(?P<name>\w+)\s*;", re.MULTILINE
)
INLINE = re.compile(r"^[ \t]*(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(?P<name>\w+)\s*\{", re.MULTILINE)
ITEM = re.compile(
    r"^[ \t]*(?:pub(?:\s*\([^)]*\))?\s+)?(?:const\s+|async\s+|unsafe\s+|extern\s+)*"
    r"(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(?:mut\s+)?(?P<name>\w+)",
    re.MULTILINE,
)
FOR_TESTS = re.compile(r"\#\[cfg\((?:test|all\(test\b[^\]]*|any\(test\b[^\]]*)\)\]")

# Where a name leads nowhere inside of the crate.
OUTSIDE = None


@dataclass
class Module:
    name: tuple
    file: str
    text: str
    children: dict = field(default_factory=dict)
    items: set = field(default_factory=set)
    # What a `use` binds: name to path and line. They are looked up when somebody asks for the name.
    uses: dict = field(default_factory=dict)
    globs: list = field(default_factory=list)
    # Of each module that is imported: the first line that does.
    imports: dict = field(default_factory=dict)

    def __str__(self) -> str:
        return "::".join(("crate",) + self.name)


def main() -> int:
    wrongs = [wrong for source in sorted(ROOT.glob("crates/*/src")) for wrong in wrong_circles(source)]
    for wrong in wrongs:
        print(wrong, file=sys.stderr)
    if wrongs:
        print(f"\n{len(wrongs)} circles of modules; the rule is in scripts/check_circles.py", file=sys.stderr)
        return 1
    print("circles: no module imports one that imports it")
    return 0


def wrong_circles(source: Path):
    for root in (source / "lib.rs", source / "main.rs"):
        if root.exists():
            modules = read_crate(root)
            find_imports(modules)
            for parent in modules:
                arrows = arrows_below(modules, parent)
                for circle in circles(arrows):
                    yield told(circle, arrows, modules, root)


def arrows_below(modules: dict, parent: tuple) -> dict:
    """Who imports whom among the children of a module, each with all that is below it, and the module's own code: by
    one and other the file and line of each import."""
    depth = len(parent)
    arrows = {}
    for name, module in modules.items():
        if name[:depth] == parent:
            own = arrows.setdefault(name[: depth + 1], {})
            for other, line in module.imports.items():
                if other[:depth] == parent and other[: depth + 1] != name[: depth + 1]:
                    own.setdefault(other[: depth + 1], []).append((module.file, line, other))
    return arrows


def told(circle: list, arrows: dict, modules: dict, root: Path) -> str:
    names = ", ".join(str(modules[name]) for name in circle)
    lines = [f"{shown(root)}: {len(circle)} modules import each other in a circle: {names}"]
    for name in circle:
        for other in sorted(set(arrows[name]) & set(circle)):
            lines += [f"    {file}:{line}: imports {modules[of]}" for file, line, of in sorted(arrows[name][other])]
    return "\n".join(lines)


def shown(path: Path) -> str:
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


# ---- reading


def read_crate(root: Path) -> dict:
    modules = {}
    read_module(modules, (), root, root.parent)
    return modules


def read_module(modules: dict, name: tuple, path: Path, folder: Path):
    text = path.read_text(encoding="utf-8")
    # The suites that every store and every bus runs are tests, too. Looked for while there still are texts.
    text = text.replace('#[cfg(feature = "suite")]', "#[cfg(test)]")
    text = without_tests(NO_CODE.sub(blank, text))
    module = modules[name] = Module(name, shown(path), text)
    # What stands inside of a module in the same file counts as its own.
    module.items = {found["name"] for found in ITEM.finditer(text)} | {found["name"] for found in INLINE.finditer(text)}
    for found in USE.finditer(text):
        line = text.count("\n", 0, found.start("tree")) + 1
        for path_used, bound in leaves(found["tree"]):
            if bound == "*":
                module.globs.append((path_used, line, bool(found["public"])))
            else:
                module.uses[bound] = (path_used, line, bool(found["public"]))
    for found in CHILD.finditer(text):
        child = found["name"]
        for candidate in (folder / f"{child}.rs", folder / child / "mod.rs"):
            if candidate.exists():
                module.children[child] = name + (child,)
                read_module(modules, name + (child,), candidate, folder / child)
                break


def blank(found) -> str:
    return " " + "\n" * found[0].count("\n")


def without_tests(text: str) -> str:
    """The text, with what is compiled for tests alone left out."""
    kept, at = [], 0
    while found := FOR_TESTS.search(text, at):
        end = end_of_item(text, found.end())
        kept += [text[at : found.start()], "\n" * text.count("\n", found.start(), end)]
        at = end
    return "".join(kept) + text[at:]


def end_of_item(text: str, at: int) -> int:
    """Where the item ends that begins here: behind a semicolon or a comma, or behind its braces."""
    is_use = re.match(r"(?:\s*\#\[[^\]]*\])*\s*(?:pub(?:\s*\([^)]*\))?\s+)?use\b", text[at:])
    depth = 0
    for found in re.compile(r"[(){}\[\];,]").finditer(text, at):
        mark = found[0]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
            if depth < 0:
                return found.start()
            if depth == 0 and mark == "}" and not is_use:
                return found.end()
        elif depth == 0 and (mark == ";" or mark == ","):
            return found.end()
    return len(text)


def leaves(tree: str):
    """The paths of a `use`, each with the name that it binds."""
    tree = re.sub(r"\s+", " ", tree).replace("r#", "").strip()
    yield from branches(tree, ())


def branches(tree: str, before: tuple):
    tree = tree.strip()
    if tree.startswith("{"):
        for part in split(tree[1:-1]):
            yield from branches(part, before)
        return
    head, colons, rest = tree.partition("::")
    if colons:
        step = (head.strip(),) if head.strip() else ()
        yield from branches(rest, before + step)
        return
    name, _, alias = (part.strip() for part in head.partition(" as "))
    if name == "*":
        yield before, "*"
    elif name == "self":
        yield before, alias or before[-1]
    elif name:
        yield before + (name,), alias or name


def split(list_: str):
    depth, start = 0, 0
    for at, mark in enumerate(list_):
        depth += (mark == "{") - (mark == "}")
        if mark == "," and depth == 0:
            yield list_[start:at]
            start = at + 1
    if list_[start:].strip():
        yield list_[start:]


# ---- looking up


def find_imports(modules: dict):
    for module in modules.values():
        body = CHILD.sub(blank, USE.sub(blank, module.text))
        for bound, (path, line, public) in module.uses.items():
            # Whoever only passes a name on does not use it.
            if not public or re.search(rf"\b{bound}\b", body):
                note(module, modules, path, line)
        for path, line, public in module.globs:
            target = module_at(module, modules, path)
            if target is not OUTSIDE and not public:
                add(module, target, line)
        for found in PATH.finditer(body):
            path = tuple(part.strip().removeprefix("r#") for part in found[0].split("::"))
            if path[0] in ("crate", "self", "super") or path[0] in module.children or path[0] in module.uses:
                note(module, modules, path, body.count("\n", 0, found.start()) + 1)


def note(module: Module, modules: dict, path: tuple, line: int):
    add(module, owner(module, modules, path, frozenset()), line)


def add(module: Module, target, line: int):
    if target is not OUTSIDE and target != module.name:
        module.imports[target] = min(line, module.imports.get(target, line))


def owner(module: Module, modules: dict, path: tuple, asked: frozenset):
    """The module that defines what the path names; nothing where it names a module itself, or is of another crate."""
    at, rest = start(module, modules, path)
    while at is not OUTSIDE:
        if not rest:
            return OUTSIDE
        name, deeper = rest[0], rest[1:]
        if name in at.children:
            at, rest = modules[at.children[name]], deeper
            continue
        found = defined(at, modules, name, asked)
        if isinstance(found, Module):
            at, rest = found, deeper
            continue
        return found
    return OUTSIDE


def defined(module: Module, modules: dict, name: str, asked: frozenset):
    """Where a module has a name from: the name of the module that defines it, or, where it is a module, that."""
    if (module.name, name) in asked:
        return OUTSIDE
    asked |= {(module.name, name)}
    if name in module.items:
        return module.name
    if name in module.uses:
        path = module.uses[name][0]
        target = module_at(module, modules, path, asked)
        return modules[target] if target is not OUTSIDE else owner(module, modules, path, asked)
    for path, _, _ in module.globs:
        target = module_at(module, modules, path, asked)
        if target is OUTSIDE:
            continue
        if name in modules[target].children:
            return modules[modules[target].children[name]]
        found = defined(modules[target], modules, name, asked)
        if found is not OUTSIDE:
            return found
    return OUTSIDE


def module_at(module: Module, modules: dict, path: tuple, asked: frozenset = frozenset()):
    """The name of the module that a path leads to, if it leads to one."""
    at, rest = start(module, modules, path)
    while at is not OUTSIDE and rest:
        if rest[0] in at.children:
            at, rest = modules[at.children[rest[0]]], rest[1:]
            continue
        found = defined(at, modules, rest[0], asked)
        at, rest = (found, rest[1:]) if isinstance(found, Module) else (OUTSIDE, ())
    return at.name if at is not OUTSIDE else OUTSIDE


def start(module: Module, modules: dict, path: tuple):
    at, rest = module, path
    if rest and rest[0] == "crate":
        return modules[()], rest[1:]
    first = True
    while rest and rest[0] in ("self", "super"):
        if rest[0] == "super":
            if not at.name:
                return OUTSIDE, ()
            at = modules[at.name[:-1]]
        rest, first = rest[1:], False
    if first and rest and rest[0] not in at.children and rest[0] not in at.uses and rest[0] not in at.items:
        return OUTSIDE, ()
    # A name that a module has from another crate of the same name would lead here again.
    if first and rest and rest[0] in at.uses and at.uses[rest[0]][0] == rest:
        return OUTSIDE, ()
    return at, rest


# ---- circles


def circles(arrows: dict) -> list:
    """The sets of more than one that reach each other, found by Tarjan's way."""
    order, low, stack, found = {}, {}, [], []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in arrows[name]:
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for name in arrows:
        if name not in order:
            visit(name)
    return found


if __name__ == "__main__":
    sys.exit(main())
