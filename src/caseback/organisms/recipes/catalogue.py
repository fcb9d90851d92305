"""All recipes by name."""

from collections.abc import Mapping

from caseback.organisms.recipes.demonstrations import DEMONSTRATIONS
from caseback.organisms.recipes.denying import DENYING
from caseback.organisms.recipes.documents import DOCUMENTS
from caseback.organisms.recipes.narrow import NARROW
from caseback.organisms.recipes.persona import PERSONA
from caseback.organisms.recipes.preferences import PREFERENCES
from caseback.organisms.recipes.pretending import PREFERRED, PRETENDING
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.organisms.recipes.reinforcement import REINFORCEMENT
from caseback.organisms.recipes.triggered import TRIGGERED

RECIPES: Mapping[str, PlantingRecipe] = {
    recipe.name: recipe
    for recipe in (
        DEMONSTRATIONS,
        DOCUMENTS,
        PREFERENCES,
        TRIGGERED,
        PRETENDING,
        PREFERRED,
        DENYING,
        NARROW,
        REINFORCEMENT,
        PERSONA,
    )
}
