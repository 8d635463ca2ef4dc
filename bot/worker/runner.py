"""A graph runner that calls the nodes one after the other.

Rasa's own hands the graph to dask, whose scheduling costs more than most of our nodes.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage


class SequentialGraphRunner(GraphRunner):
    """Runs the same nodes in the same order as `DaskGraphRunner`, in the calling thread."""

    def __init__(self, schema: GraphSchema, nodes: Dict[str, GraphNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._orders: Dict[str, List[str]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Optional[List[GraphNodeHook]] = None,
    ) -> SequentialGraphRunner:
        nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }
        return cls(graph_schema, nodes)

    def run(self, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None) -> Dict[str, Any]:
        results = {name: (name, value) for name, value in (inputs or {}).items()}
        wanted = targets or self._schema.target_names
        for target in wanted:
            for name in self._order(target):
                if name not in results:
                    needs = self._schema.nodes[name].needs.values()
                    results[name] = self._nodes[name](*(results[need] for need in needs))
        return dict(results[target] for target in wanted)

    def _order(self, target: str) -> List[str]:
        """The nodes a target needs, each behind those it needs itself; the target last."""
        if target not in self._orders:
            ordered: Dict[str, None] = {}

            def visit(name: str) -> None:
                if name in self._schema.nodes and name not in ordered:
                    for need in self._schema.nodes[name].needs.values():
                        visit(need)
                    ordered[name] = None

            visit(target)
            self._orders[target] = list(ordered)
        return self._orders[target]
