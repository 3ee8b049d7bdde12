"""The API tree and the user feature tree: grown, clustered, assigned, stored and drawn (§4.1, §4.2)."""

from .api_tree import ApiTree
from .assignment import AssignedProfile, Strategy, assign_values
from .clustering import cluster_features
from .feature_tree import FeatureTree
from .graph_io import from_graphml, from_json, to_graphml, to_json
from .growth import SaveTree, grow_tree
from .layers import layer_sizes
from .retry import AskRole
from .svg import draw_tree
from .tree_shape import TreeShape

__all__ = [
    "ApiTree",
    "AskRole",
    "AssignedProfile",
    "FeatureTree",
    "SaveTree",
    "Strategy",
    "TreeShape",
    "assign_values",
    "cluster_features",
    "draw_tree",
    "from_graphml",
    "from_json",
    "grow_tree",
    "layer_sizes",
    "to_graphml",
    "to_json",
]
