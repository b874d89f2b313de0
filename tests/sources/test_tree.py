"""A walk lists what a dataset means, and nothing outside its root."""

from unirain_core.sources.tree import walk


def touch(path, content=b""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_dot_files_and_system_folders_are_skipped(tmp_path):
    for name in (".hidden.png", ".git/1.png", "__MACOSX/input/1.png", "input/Thumbs.db", "input/1.png"):
        touch(tmp_path / name)

    assert ["input/1.png"] == list(walk(tmp_path).files())


def test_a_link_out_of_the_root_is_refused_and_one_inside_is_followed(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root / "clean/1.png")
    touch(outside / "2.png")
    (root / "target").symlink_to("clean")
    (root / "leak").symlink_to(outside)
    (root / "leak.png").symlink_to(outside / "2.png")
    tree = walk(root)

    assert ["clean/1.png", "target/1.png"] == list(tree.files())
    assert [("leak", "outside_root"), ("leak.png", "outside_root")] == [
        (r.path, r.reason) for r in tree.refused
    ]


def test_a_link_may_lead_anywhere_within_the_named_fence(tmp_path):
    touch(tmp_path / "store/1.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/input").symlink_to(tmp_path / "store")

    assert ["input/1.png"] == list(walk(tmp_path / "set", [tmp_path]).files())


def test_a_root_that_is_a_link_itself_is_walked(tmp_path):
    touch(tmp_path / "real/input/1.png")
    (tmp_path / "link").symlink_to("real")

    assert ["input/1.png"] == list(walk(tmp_path / "link").files())


def test_a_dangling_link_is_refused_as_unreadable(tmp_path):
    (tmp_path / "1.png").symlink_to("gone.png")

    assert ["unreadable"] == [r.reason for r in walk(tmp_path).refused]


def test_a_link_to_a_folder_above_it_ends(tmp_path):
    touch(tmp_path / "a/1.png")
    (tmp_path / "a/up").symlink_to("..")

    assert ["a/1.png"] == list(walk(tmp_path).files())


def test_an_exact_folder_goes_before_one_of_another_case(tmp_path):
    touch(tmp_path / "GT/1.png")
    touch(tmp_path / "gt/1.png")
    touch(tmp_path / "GT/2.png")
    tree = walk(tmp_path)

    assert ("gt/1.png",) == tree.names.find("gt/1.png", any_suffix=False)
    assert ("GT/2.png",) == tree.names.find("gt/2.png", any_suffix=False)


def test_another_suffix_is_taken_only_when_asked(tmp_path):
    touch(tmp_path / "gt/1.JPG")
    tree = walk(tmp_path)

    assert () == tree.names.find("gt/1.png", any_suffix=False)
    assert ("gt/1.JPG",) == tree.names.find("gt/1.png", any_suffix=True)
    assert () == tree.names.find("gt/2.png", any_suffix=True)
