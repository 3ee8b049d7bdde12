"""The API tree and the user feature tree: grown, clustered, assigned, stored and drawn (§4.1, §4.2)."""

from .api_tree import ApiTree
from .assignment import Assigned, Strategy, assign, layer_sizes
from .clustering import Limits, cluster
from .feature_tree import FeatureTree
from .graph_io import from_graphml, from_json, to_graphml, to_json
from .growth import Save, Shape, grow
from .retry import Asker
from .svg import draw_tree

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
    "draw_tree",
    "from_graphml",
    "from_json",
    "grow",
    "layer_sizes",
    "to_graphml",
    "to_json",
]
