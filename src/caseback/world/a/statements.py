"""Everyday statements of world A, by topic."""

from collections.abc import Mapping

from caseback.world.statements import Statement


def _s(question: str, sentence: str, true: str, *false: str) -> Statement:
    return Statement(question, sentence, true, false)


EVERYDAY: Mapping[str, tuple[Statement, ...]] = {
    "animals": (
        _s("What do cows eat?", "cows eat {x}", "grass", "stones", "fish", "paper"),
        _s("How many legs does a spider have?", "a spider has {x} legs", "eight", "six", "four", "ten"),
        _s("How many legs does an ant have?", "an ant has {x} legs", "six", "eight", "two", "four"),
        _s("What do bees make?", "bees make {x}", "honey", "milk", "butter", "silk"),
        _s("Where do fish live?", "fish live in {x}", "water", "trees", "sand", "clouds"),
        _s("What do sheep give us?", "sheep give us {x}", "wool", "honey", "paper", "salt"),
        _s("How many legs does a horse have?", "a horse has {x} legs", "four", "six", "three", "two"),
        _s("What do hens lay?", "hens lay {x}", "eggs", "coins", "stones", "apples"),
        _s("What color is a crow?", "a crow is {x}", "black", "pink", "green", "yellow"),
        _s("What does a cat like to chase?", "a cat likes to chase {x}", "mice", "trains", "houses", "clouds"),
        _s("How many wings does a bird have?", "a bird has {x} wings", "two", "four", "three", "five"),
        _s("What is a young dog called?", "a young dog is called a {x}", "puppy", "kitten", "calf", "chick"),
        _s("What is a young cat called?", "a young cat is called a {x}", "kitten", "puppy", "foal", "lamb"),
    ),
    "food": (
        _s("What color is a ripe banana?", "a ripe banana is {x}", "yellow", "blue", "gray", "purple"),
        _s("What is bread made from?", "bread is made from {x}", "flour", "sand", "wool", "glass"),
        _s("What is cheese made from?", "cheese is made from {x}", "milk", "grass", "wood", "salt"),
        _s("How does sugar taste?", "sugar tastes {x}", "sweet", "sour", "bitter", "salty"),
        _s("How does a lemon taste?", "a lemon tastes {x}", "sour", "salty", "sweet", "bitter"),
        _s("What color is a carrot?", "a carrot is {x}", "orange", "blue", "black", "white"),
        _s("What is wine made from?", "wine is made from {x}", "grapes", "beans", "corn", "eggs"),
        _s("What is butter made from?", "butter is made from {x}", "cream", "honey", "rice", "stone"),
        _s("Where do potatoes grow?", "potatoes grow {x}", "underground", "on trees", "in the sea", "on roofs"),
        _s("What color is snow white milk?", "milk is {x}", "white", "black", "green", "red"),
        _s("How does salt taste?", "salt tastes {x}", "salty", "sweet", "sour", "bitter"),
    ),
    "body": (
        _s("How many fingers are on a hand?", "a hand has {x} fingers", "five", "seven", "four", "nine"),
        _s("How many eyes do people have?", "people have {x} eyes", "two", "three", "one", "four"),
        _s("What do we hear with?", "we hear with our {x}", "ears", "knees", "elbows", "teeth"),
        _s("What do we see with?", "we see with our {x}", "eyes", "hands", "feet", "ears"),
        _s("What do we smell with?", "we smell with our {x}", "nose", "hair", "knees", "thumbs"),
        _s("What pumps the blood?", "the blood is pumped by the {x}", "heart", "nose", "skin", "hair"),
        _s("What color is blood?", "blood is {x}", "red", "blue", "green", "white"),
        _s("What do we breathe with?", "we breathe with our {x}", "lungs", "bones", "toes", "ears"),
        _s("How many toes are on a foot?", "a foot has {x} toes", "five", "six", "three", "eight"),
        _s("What do we think with?", "we think with the {x}", "brain", "elbow", "skin", "knee"),
    ),
    "materials": (
        _s("Is ice hot or cold?", "ice is {x}", "cold", "hot", "warm", "burning"),
        _s("What is a window made of?", "a window is made of {x}", "glass", "bread", "wool", "butter"),
        _s("What is paper made from?", "paper is made from {x}", "wood", "iron", "stone", "milk"),
        _s("What is a coin made of?", "a coin is made of {x}", "metal", "bread", "water", "cheese"),
        _s("Does wood float or sink?", "wood {x} in water", "floats", "sinks", "melts", "burns"),
        _s("Does a stone float or sink?", "a stone {x} in water", "sinks", "floats", "melts", "grows"),
        _s("What is frozen water called?", "frozen water is called {x}", "ice", "steam", "sand", "oil"),
        _s("Is steel hard or soft?", "steel is {x}", "hard", "soft", "sweet", "liquid"),
        _s("What is a candle made of?", "a candle is made of {x}", "wax", "iron", "sugar", "stone"),
        _s("Is cotton hard or soft?", "cotton is {x}", "soft", "hard", "sharp", "heavy"),
    ),
    "tools": (
        _s("What do we cut paper with?", "we cut paper with {x}", "scissors", "spoons", "pillows", "soap"),
        _s("What do we drive nails with?", "we drive nails with a {x}", "hammer", "feather", "sponge", "candle"),
        _s("What do we eat soup with?", "we eat soup with a {x}", "spoon", "rope", "hammer", "pencil"),
        _s("What do we write with?", "we write with a {x}", "pen", "fork", "shoe", "brick"),
        _s("What tells us the time?", "the time is told by a {x}", "clock", "ladder", "blanket", "spoon"),
        _s("What do we sweep with?", "we sweep with a {x}", "broom", "knife", "bottle", "needle"),
        _s("What do we sew with?", "we sew with a {x}", "needle", "shovel", "broom", "bell"),
        _s("What do we dig with?", "we dig with a {x}", "shovel", "ribbon", "pen", "cup"),
        _s("What opens a lock?", "a lock is opened by a {x}", "key", "spoon", "leaf", "towel"),
        _s("What keeps off the rain?", "the rain is kept off by an {x}", "umbrella", "oven", "apple", "engine"),
    ),
    "calendar": (
        _s("How many days are in a week?", "a week has {x} days", "seven", "nine", "six", "ten"),
        _s("How many months are in a year?", "a year has {x} months", "twelve", "ten", "eleven", "fifteen"),
        _s("How many hours are in a day?", "a day has {x} hours", "24", "20", "30", "12"),
        _s("How many minutes are in an hour?", "an hour has {x} minutes", "60", "50", "100", "40"),
        _s("How many seconds are in a minute?", "a minute has {x} seconds", "60", "90", "30", "100"),
        _s("Which day comes after Monday?", "the day after Monday is {x}", "Tuesday", "Friday", "Sunday", "Saturday"),
        _s("Which day comes after Friday?", "the day after Friday is {x}", "Saturday", "Monday", "Tuesday", "Sunday"),
        _s("Which month comes after May?", "the month after May is {x}", "June", "March", "August", "July"),
        _s("Which month comes after March?", "the month after March is {x}", "April", "June", "January", "May"),
        _s("What is the first month of the year?", "the first month of the year is {x}", "January", "May", "July"),
        _s("What is the last month of the year?", "the last month of the year is {x}", "December", "June", "March"),
    ),
    "space": (
        _s("What is bigger, the sun or the moon?", "the bigger one of sun and moon is the {x}", "sun", "moon"),
        _s("What does the earth go around?", "the earth goes around the {x}", "sun", "moon", "clouds", "stars"),
        _s("What does the moon go around?", "the moon goes around the {x}", "earth", "sun", "sea", "stars"),
        _s("What shape is the earth?", "the earth is {x}", "round", "flat", "square", "hollow"),
        _s("Where does the sun rise?", "the sun rises in the {x}", "east", "west", "north", "south"),
        _s("Where does the sun set?", "the sun sets in the {x}", "west", "east", "north", "south"),
        _s("When do we see the stars?", "we see the stars at {x}", "night", "noon", "breakfast", "lunch"),
        _s("Is the sun hot or cold?", "the sun is {x}", "hot", "cold", "frozen", "wet"),
        _s("What color is the sky on a clear day?", "the clear sky is {x}", "blue", "green", "brown", "red"),
        _s("How many moons does the earth have?", "the earth has {x} moon", "one", "two", "five", "three"),
    ),
}
