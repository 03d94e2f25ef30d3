"""Whose story a premise asks for, and what befalls them: the loom tells of them and of nobody else."""

from __future__ import annotations

import random

import pytest

from dream.storytelling.storytellers.loom.english import premise as in_english
from dream.storytelling.storytellers.loom.korean import premise as in_korean
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon
from dream.storytelling.storytellers.loom.reading import Request


def english(premise: str) -> in_english.Premise:
    return in_english.read_premise(Request("en", "medium", "inspired", premise, "", "", "", "", "", (), 1))


def korean(premise: str) -> in_korean.Premise:
    request = Request("ko", "medium", "inspired", premise, "", "", "", "", "", (), 1)
    return in_korean.read_premise(request, Lexicon([premise]))


@pytest.mark.parametrize(
    ("premise", "hero"),
    [
        # What someone does for a living is told by the word's form and its place, whatever the trade.
        ("A salt raker finds a letter under the ice that is addressed to her", "the salt raker"),
        ("A bone setter mends a broken king", "the bone setter"),
        ("A tea taster loses her sense of taste", "the tea taster"),
        ("A grave digger befriends a crow", "the grave digger"),
        ("An ice harvester hears a voice in the block he is cutting", "the ice harvester"),
        ("A lock picker with no hands", "the lock picker"),
        ("A harpist owes the forest a song", "the harpist"),
        ("A deaf piano tuner is called to a haunted house", "the piano tuner"),
        ("A young charcoal burner owes the forest a song", "the charcoal burner"),
        ("The queen's food taster falls asleep at the feast", "the food taster"),
        ("A cuckoo clock repairer falls in love with an hour", "the clock repairer"),
        ("Two salt rakers quarrel over a lamp", "the salt rakers"),
        ("Salt rakers quarrel over a lamp", "the salt rakers"),
        ("the Salt Raker", "the salt raker"),
        ("The Last Salt Raker of the North", "the salt raker"),
        # Whoever hears or promises is somebody.
        ("A recluse hears music under the floor", "the recluse"),
        ("A mute promises the sea a song", "the mute"),
        # Names, titles and families.
        ("Ilse and Jonas cross the frozen lake", "Ilse and Jonas"),
        ("Mara and her brother inherit a boat", "Mara and her brother"),
        ("Captain Ode sails for the place where maps end", "Captain Ode"),
        ("Grandmother Yun teaches a crow to count", "Grandmother Yun"),
        ("Mara's brother sells the boat", "Mara's brother"),
        ("My grandfather built a boat in the attic", "the grandfather"),
        ("An old man and his granddaughter keep bees on the roof of a hospital", "the old man and his granddaughter"),
        ("A boy and his dog follow a river upstream", "the boy and his dog"),
        ("A seaweed gatherer and a tax collector share an umbrella", "the seaweed gatherer and the tax collector"),
        ("The stone cutter's son carves a bird that flies away", "the stone cutter's son"),
        ("Jonah the bell-founder casts a bell that will not ring", "Jonah"),
        ("Old Mother Ash", "Old Mother Ash"),
        ("Rose finds a letter in the well", "Rose"),
        ("The Emperor of Rain wants to abdicate", "the Emperor"),
        ("A tailor, a thief and a nun share a coach", "the tailor, the thief and the nun"),
        ("A fisherman nets a mermaid", "the fisherman"),
        # What stands in front of them.
        ("There was once a robot who wanted to learn to knit", "the robot"),
        ("Every night a stranger leaves bread at the widow's door", "the stranger"),
        ("On the longest night, a midwife is called to a house under the hill", "the midwife"),
        ("When the river freezes, a skater finds a sleeping town below the ice", "the skater"),
        ("A girl tells a story to the sea", "the girl"),
        ("Tell me a short story about a woman who sells weather", "the woman"),
        ("Long ago, a weaver promised her last cloth to the sea", "the weaver"),
        ("In winter a bear writes letters", "the bear"),
        ("When the ferryman dies, his daughter takes the oars", "the ferryman's daughter"),
        ("They say the miller sold his voice", "the miller"),
        ("Please write something about a ferryman and his drowned bell", "the ferryman"),
        # Nobody does anything, and yet somebody is named.
        ("Nobody in the village can remember the ferryman", "the ferryman"),
        ("I am a ghost who cannot find her house", "the ghost"),
    ],
)
def test_the_hero_of_a_premise_is_the_hero_of_the_story(premise: str, hero: str) -> None:
    assert english(premise).hero.name == hero


@pytest.mark.parametrize(
    "premise",
    [
        "A river changes its mind",
        "A letter arrives forty years late",
        "Winter refuses to leave the valley",
        "A lamp that may not lie",
        "The wind forgets its own name",
        "A cuckoo clock falls silent",
        "Someone is painting the doors of our street blue",
        "Why do herons never sleep?",
    ],
)
def test_nothing_is_made_a_hero_that_is_nobody(premise: str) -> None:
    assert english(premise).hero.name in {"the stranger", "the traveller", "the newcomer", "the wayfarer"}


@pytest.mark.parametrize(
    ("premise", "deed"),
    [
        (
            "A salt raker finds a letter under the ice that is addressed to her",
            "found a letter under the ice that was addressed to her",
        ),
        ("On the longest night, a midwife is called to a house", "was called to a house, on the longest night"),
        ("When the river freezes, a skater finds a town", "found a town when the river froze"),
        ("Every night a stranger leaves bread at the widow's door", "left bread at the widow's door every night"),
        ("An old man and his granddaughter keep bees on a roof", "kept bees on a roof"),
        ("Ilse and Jonas cross the frozen lake", "crossed the frozen lake"),
        ("Two salt rakers quarrel over a lamp", "quarrelled over a lamp"),
        ("My grandfather built a boat in the attic", "built a boat in the attic"),
        ("The wolves hold a council", "held a council"),
    ],
)
def test_what_the_hero_of_a_premise_does_is_told_in_the_past(premise: str, deed: str) -> None:
    assert english(premise).deeds == (deed,)


@pytest.mark.parametrize(
    ("premise", "pronoun"),
    [
        ("Mr Ferris winds every clock in town", "he"),
        ("Old Mother Ash", "she"),
        ("A salt raker finds a letter that is addressed to her", "she"),
        ("She never told him about the island", "she"),
        ("The herring girl writes letters to the moon", "she"),
    ],
)
def test_the_hero_is_spoken_of_as_the_premise_does(premise: str, pronoun: str) -> None:
    assert english(premise).hero.pronoun == pronoun


def test_someone_without_a_name_still_does_what_the_premise_says() -> None:
    read = english("He sells second-hand memories")
    assert (read.hero.pronoun, read.deeds) == ("he", ("sold second-hand memories",))


@pytest.mark.parametrize(
    ("premise", "theme"),
    [
        ("A fox who wanted to be a tailor", ""),
        ("Peter, a pedlar of buttons, is robbed of his shadow", ""),
        ("A bone setter mends a broken king", "the broken king"),
        ("When the river freezes, a skater finds a town below the ice", "the town"),
        ("A boy and his dog follow a river upstream", "the river"),
    ],
)
def test_a_story_turns_on_something_that_can_be_asked_after(premise: str, theme: str) -> None:
    assert english(premise).theme == theme


@pytest.mark.parametrize(
    "premise", ["What if the moon stopped rising?", "A house that walks away", "Someone steals the bridge"]
)
def test_what_does_something_is_no_place(premise: str) -> None:
    assert english(premise).place is None


def test_a_question_about_no_one_is_put_as_it_was_asked() -> None:
    assert english("What if the moon stopped rising?").asked == "What if the moon stopped rising?"


@pytest.mark.parametrize(
    ("premise", "hero", "full"),
    [
        # Two together.
        ("늙은 사공과 손녀", "사공과 손녀", "늙은 사공과 손녀"),
        ("늙은 등대지기와 손녀가 마지막 배를 기다린다", "등대지기와 손녀", "늙은 등대지기와 손녀"),
        ("소년과 개가 강을 거슬러 올라간다", "소년과 개", "소년과 개"),
        ("눈먼 악사와 말 못 하는 화가", "악사와 화가", "눈먼 악사와 말 못 하는 화가"),
        ("두 형제가 배 한 척을 물려받는다", "두 형제", "두 형제"),
        ("여우와 친구가 된 소년", "소년", "여우와 친구가 된 소년"),
        ("오랜 친구 넷이 다리 위에서 만난다", "네 친구", "오랜 네 친구"),
        # What someone does, by the word's form and its place, whatever the trade.
        ("귀가 먼 조율사가 귀신 나오는 집에 불려 간다", "조율사", "귀가 먼 조율사"),
        ("은퇴한 우주비행사가 시골 우체국에서 일한다", "우주비행사", "은퇴한 우주비행사"),
        ("임금님의 수라를 맛보는 궁녀가 잔치에서 잠든다", "궁녀", "임금님의 수라를 맛보는 궁녀"),
        ("불 속을 걷는 곡예사", "곡예사", "불 속을 걷는 곡예사"),
        ("무덤 파는 사람이 까마귀와 친구가 된다", "무덤 파는 사람", "무덤 파는 사람"),
        ("밤마다 낯선 사람이 과부의 집 앞에 빵을 두고 간다", "낯선 사람", "낯선 사람"),
        # Names, and what stands before them.
        ("연이가 물고기 배 속에서 열쇠를 찾는다", "연이", "연이"),
        ("김 서방이 도깨비에게 돈을 꾸어 준다", "김 서방", "김 서방"),
        ("바다를 한 번도 본 적 없는 방앗간 집 딸", "방앗간 집 딸", "바다를 한 번도 본 적 없는 방앗간 집 딸"),
        ("달에게 편지를 쓰는 청어 장수", "청어 장수", "달에게 편지를 쓰는 청어 장수"),
        ("얼음 장수가 얼음 속에서 목소리를 듣는다", "얼음 장수", "얼음 장수"),
        ("말하는 빵을 구운 빵집 주인 이야기 써 줘", "빵집 주인", "말하는 빵을 구운 빵집 주인"),
        ("심부름꾼 아이가 길을 잃는다", "아이", "심부름꾼 아이"),
        ("늙은 양치기와 어린 늑대", "양치기와 늑대", "늙은 양치기와 어린 늑대"),
        ("재단사와 도둑과 수녀가 마차를 함께 탄다", "재단사와 도둑과 수녀", "재단사와 도둑과 수녀"),
        ("골짜기 아이들이 얼음으로 배를 짓는다", "골짜기 아이들", "골짜기 아이들"),
        ("단추 장수 베드로가 그림자를 도둑맞는다", "베드로", "단추 장수 베드로"),
        ("서연은 매일 밤 옥상에서 별에게 전화를 건다", "서연", "서연"),
        ("우리 선생님이 그림 속으로 사라진다", "선생님", "선생님"),
        ("종이 심장을 가진 소녀 이야기가 듣고 싶어요", "소녀", "종이 심장을 가진 소녀"),
        ("옛날 옛적에 그림자 없는 임금이 살았다", "임금", "그림자 없는 임금"),
        # What comes before somebody is not said of them.
        ("사공이 죽자 딸이 노를 잡는다", "딸", "딸"),
        ("겨울이면 곰이 편지를 쓴다", "곰", "곰"),
        ("강이 얼자 한 소년이 얼음 아래에서 잠든 마을을 본다", "소년", "한 소년"),
        ("전쟁이 끝나고 병사가 자기를 모르는 집으로 돌아온다", "병사", "병사"),
        ("아무도 잠들지 않는 도시에서 이불 장수가 손님을 기다린다", "이불 장수", "이불 장수"),
    ],
)
def test_the_hero_of_a_korean_premise_is_the_hero_of_the_story(premise: str, hero: str, full: str) -> None:
    read = korean(premise)
    assert (read.hero, read.full) == (hero, full)


@pytest.mark.parametrize(
    ("premise", "reported"),
    [
        ("강이 얼자 한 소년이 잠든 마을을 본다", "강이 얼자 소년이 잠든 마을을 본다"),
        ("자신을 보낸 적 없는 마을로 우주비행사가 돌아온다", "자신을 보낸 적 없는 마을로 우주비행사가 돌아온다"),
        ("밤마다 낯선 사람이 문 앞에 빵을 두고 간다", "밤마다 낯선 사람이 문 앞에 빵을 두고 간다"),
        ("늙은 등대지기와 손녀가 마지막 배를 기다린다", "등대지기와 손녀가 마지막 배를 기다린다"),
        ("사공이 죽자 딸이 노를 잡는다", "사공이 죽자 딸이 노를 잡는다"),
    ],
)
def test_what_a_korean_premise_tells_is_told_whole(premise: str, reported: str) -> None:
    assert korean(premise).reported == reported


@pytest.mark.parametrize(
    "premise",
    [
        "거짓말을 못 하는 등불",
        "비를 모두 기억하는 우산",
        "누가 종을 쳤을까?",
        "박물관이 문을 닫는다",
        "사랑은 모든 것을 이긴다",
    ],
)
def test_nothing_is_made_a_korean_hero_that_is_nobody(premise: str) -> None:
    assert in_korean.is_stranger(korean(premise).hero)


@pytest.mark.parametrize(
    ("premise", "place"),
    [
        ("등대를 지키는 노인", "등대"),
        ("바다를 한 번도 본 적 없는 소년", None),
        ("바다에 사는 소년", "바다"),
        ("소년이 바다에 소금을 돌려준다", None),
    ],
)
def test_a_korean_hero_is_at_home_where_they_live(premise: str, place: str | None) -> None:
    assert korean(premise).place == place


@pytest.mark.parametrize("premise", ["심부름꾼 아이가 길을 잃는다", "눈먼 악사와 말 못 하는 화가"])
def test_only_what_is_said_of_a_hero_is_asked_about(premise: str) -> None:
    assert korean(premise).trait == ""


def test_no_order_of_words_breaks_the_reading() -> None:
    rng = random.Random(5)
    words = (
        "A My his the salt raker , and who finds Mara 's Two brothers . ? When Captain king's widows promises".split()
    )
    eojeol = "늙은 사공과 손녀가 사람 둘이 , 와 연이가 마을로 김 서방이 사람이 . ? 그는 여우와 한 찾는다".split()
    for _ in range(3000):
        premise = " ".join(rng.choices(words, k=rng.randint(1, 9)))
        assert english(premise).hero.name, premise
        premise = " ".join(rng.choices(eojeol, k=rng.randint(1, 9)))
        assert korean(premise).hero, premise
