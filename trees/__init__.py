"""The API tree and the user feature tree: grown, clustered, assigned, stored and drawn (§4.1, §4.2)."""

from .api_tree import ApiTree
from .asking import Asker
from .assignment import Assigned, Strategy, assign
from .clustering import Limits, cluster
from .expansions import Shape
from .feature_tree import FeatureTree
from .graph_io import from_graphml, from_json, to_graphml, to_json
from .growth import Save, grow
from .layer_sizes import layer_sizes
from .pictures import draw

__all__ = [
    "ApiTree",
    "Asker",
    "Assigned",
    "FeatureTree",
    "Limits",
    "Save",
    "Shape",
    "Strategy",
    "assign",
    "cluster",
    "draw",
    "from_graphml",
    "from_json",
    "grow",
    "layer_sizes",
    "to_graphml",
    "to_json",
]
