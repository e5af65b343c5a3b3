"""Names in every form that sources.md knows as trouble."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.names import StandardName, standardise


def one(name: str) -> StandardName:
    return standardise([name])[0]


@pytest.mark.parametrize(
    "written",
    [
        "高良海",
        "高 良海",
        "高　良海",
        " 高良海 ",
        "GAO LIANGHAI",
        "Lianghai Gao",
        "LIANGHAI GAO",
        "GaoLianghai",
        "gao liang-hai",
        "ＧＡＯ　ＬＩＡＮＧＨＡＩ",
    ],
)
def test_one_sound_in_every_script_and_order(written):
    assert one(written).name_sound == one("高良海").name_sound


@pytest.mark.parametrize(
    "written",
    [
        "王伟2",
        "王伟(VIP)",
        "王伟（先生）",
        "王伟 13912345670",
        "投保人王伟",
        "客户王伟",
        "王\u200b伟",
        "\ufeff王伟",
        "王伟【老客户】",
        "(王伟)",
    ],
)
def test_what_salespeople_add_to_a_name_is_no_part_of_it(written):
    assert (one(written).name_std, one(written).given_name) == ("王伟", "伟")


@pytest.mark.parametrize("hidden", ["王**", "王*伟", "王某某", "王某", "小王", "老王", "王哥", "王X", "王先生（转介绍）"])
def test_of_a_masked_or_nicknamed_person_only_the_surname_is_known(hidden):
    assert (one(hidden).surname, one(hidden).given_name) == ("王", None)


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("O'Brien Pat", "Pat OBrien"),
        ("Jean-Luc Picard", "PICARD JEANLUC"),
        ("Mr. John Smith", "SMITH, JOHN"),
        ("Li'an Wang", "王立安"),
    ],
)
def test_foreign_and_pinyin_names_in_other_spellings(one_way, other_way):
    assert one(one_way).name_sound == one(other_way).name_sound


@pytest.mark.parametrize(("traditional", "simplified"), [("張萍娜", "张萍娜"), ("劉雲俊", "刘云俊"), ("陳瑞澤", "陈瑞泽")])
def test_traditional_characters_are_simplified(traditional, simplified):
    assert one(traditional).name_std == simplified


@pytest.mark.parametrize("dot", ["·", "•", "．", "‧", " ", "", "・"])
def test_a_middle_dot_is_no_part_of_a_name(dot):
    assert one(f"阿卜杜拉{dot}努尔麦麦提").name_std == "阿卜杜拉努尔麦麦提"


@pytest.mark.parametrize(
    ("name", "surname", "given_name"),
    [("欧阳娜", "欧阳", "娜"), ("單雄信", "单", "雄信"), ("欧阳", "欧", "阳"), ("王芳", "王", "芳")],
)
def test_compound_surnames(name, surname, given_name):
    assert (one(name).surname, one(name).given_name) == (surname, given_name)


def test_a_surname_is_read_as_a_surname():
    assert one("单芳").name_sound == one("SHAN FANG").name_sound
    assert one("曾国超").surname_sound == "zeng"


@pytest.mark.parametrize("polite", ["王先生", "王女士", "王 先生"])
def test_of_a_polite_form_only_the_surname_is_known(polite):
    assert (one(polite).surname_sound, one(polite).given_name) == ("wang", None)


@pytest.mark.parametrize(
    ("name", "sex"),
    [
        ("王先生", "M"),
        ("王伟 女士(VIP)", "F"),
        ("Mrs. Mary Smith", "F"),
        ("MR SMITH", "M"),
        ("王伟先生的太太", "F"),
        ("Adams 王伟", None),
        ("王伟", None),
    ],
)
def test_a_title_says_the_sex(name, sex):
    assert one(name).sex == sex


@pytest.mark.parametrize("lost", ["王?", "王？", "王\ufffd"])
def test_of_a_name_that_lost_its_rare_character_the_surname_is_known(lost):
    assert (one(lost).surname_sound, one(lost).given_name) == ("wang", None)
    assert one("王?娟").name_std == "王?娟"


@pytest.mark.parametrize("nothing", ["不详", "不詳", " 未知 ", "无", "NULL", "n/a", "test", "  ", "123", "先生", "待定", "?伟"])
def test_placeholders_are_no_names(nothing):
    assert one(nothing).name_std is None
    assert one(nothing).name_sound is None


@pytest.mark.parametrize("written", ["JOHN PARK", "PARK JOHN", "Park, John", "John Park", "PARK, JOHN Q"])
def test_foreign_names_in_two_orders(written):
    assert one(written).name_sound == one("PARK JOHN").name_sound


@given(st.lists(st.text(max_size=12), max_size=8))
def test_each_name_is_judged_alone_and_in_order(names):
    together = standardise(names)
    assert [form.name for form in together] == names
    assert together == [one(name) for name in names]


@given(st.text(alphabet="王李张伟芳娜欧阳单", min_size=2, max_size=4))
def test_a_standard_form_stays_itself(name):
    standard = one(name).name_std
    assert standard is not None
    assert one(standard).name_std == standard
