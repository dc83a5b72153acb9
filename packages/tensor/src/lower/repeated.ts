import { keyOfAttribute, keyOfAval } from "../key";
import type { Node } from "../tape";
import { addressOf, flatten, int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { isComputedLater, lowerElements } from "./elements";
import { literalsOf } from "./literals";
import type { Lowering } from "./lower";
import type { FunctionHandle } from "./machine";
import { producersOf } from "./operands";
import type { Place, Plan } from "./plan";
import { isMultiplied } from "./product";

/** Plans with fewer kernels are not searched. */
const leastKernels = 16;

/** A kernel that stands this often in a plan is one function, which is given addresses: emitting and compiling its code anew would take longer. */
const leastCopies = 4;

/** What a kernel computes, as text, and the memory that it reads and writes, in the order of the function's parameters. */
interface Kernel {
  readonly key: string;
  readonly places: readonly Place[];
}

/** Kernels that are the same but for addresses. */
export class Repeated {
  readonly #lowering: Lowering;
  readonly #functions = new Map<string, FunctionHandle>();

  constructor(lowering: Lowering) {
    this.#lowering = lowering;
  }

  /** Those among the nodes of a plan that stand there often. */
  find(plan: Plan, nodes: readonly Node[]): ReadonlyMap<Node, Kernel> {
    const kernels = new Map<Node, Kernel>();
    const { addressable = false, threads = 1 } = this.#lowering.module;
    // Work that threads share is a function already.
    if (nodes.length < leastKernels || !addressable || threads > 1) return kernels;
    // Keys are long: only for nodes that have some copies by what can be seen at once.
    for (const alike of often(nodes, (node) => outlineOf(plan, node))) {
      const found = new Map<Node, Kernel>();
      for (const node of alike) {
        const kernel = kernelOf(plan, node);
        if (kernel !== undefined) found.set(node, kernel);
      }
      for (const copies of often([...found.keys()], (node) => found.get(node)!.key))
        for (const node of copies) kernels.set(node, found.get(node)!);
    }
    return kernels;
  }

  /** Calls a kernel's function, which is made from the first that asks for it. */
  call(site: Site, plan: Plan, node: Node, { key, places }: Kernel): void {
    const { module } = this.#lowering;
    let handle = this.#functions.get(key);
    if (!handle) {
      this.#functions.set(key, (handle = module.declare(this.#lowering.nameOf(node.op.name), places.length)));
      module.define(handle, (k, parameters) => {
        const given = new Map<Place, Value>(places.map((place, j) => [place, parameters[j]!]));
        lowerElements(this.#lowering, { k, frame: int(k, 0), fixed: true, given }, plan, node);
      });
    }
    site.k.call(
      handle,
      places.map((place) => flatten(site, addressOf(site, place))),
    );
  }
}

/** Nodes of one key, where there are copies enough. */
function often(nodes: readonly Node[], keyOf: (node: Node) => string): (readonly Node[])[] {
  const byKey = new Map<string, Node[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    const same = byKey.get(key);
    if (same) same.push(node);
    else byKey.set(key, [node]);
  }
  return [...byKey.values()].filter((same) => same.length >= leastCopies);
}

/** What all copies of a kernel have in common, and few others. */
function outlineOf({ tape, groups }: Plan, node: Node): string {
  const members = groups.get(node)?.length ?? 1;
  return `${node.op.name} ${members} ${tape.avals[node.outs[0]!]?.shape.join()}`;
}

/** The kernel that computes elements and stands at a node; undefined where there is none, or where it is not for its addresses alone that it differs. */
function kernelOf(plan: Plan, node: Node): Kernel | undefined {
  const { tape, places } = plan;
  if (!node.op.element || places[node.outs[0]!]?.kind === "rows") return undefined;
  if (isComputedLater(plan, node) || plan.rowLoops.has(node) || isMultiplied(plan, node)) return undefined;
  const members = plan.groups.get(node) ?? [node];
  const producers = producersOf(plan);
  const literals = literalsOf(tape);
  const own = new Set<number>();
  for (const { outs } of members) own.add(outs[0]!);
  const parameters = new Map<Place, number>();
  const known = new Map<number, number>();
  let key = "";
  const parameter = (id: number): void => {
    const place = places[id]!;
    let at = parameters.get(place);
    if (at === undefined) parameters.set(place, (at = parameters.size));
    key += `@${at}${keyOfAval(tape.avals[id]!)}`;
  };
  const visit = (id: number): void => {
    const at = known.get(id);
    if (at !== undefined) key += `^${at}`;
    else if (places[id] && !own.has(id)) parameter(id);
    else if (literals.has(id)) key += `#${keyOfAval(tape.avals[id]!)}${keyOfAttribute(literals.get(id))}`;
    else {
      const { op, ins, attributes } = producers.get(id)!;
      known.set(id, known.size);
      key += `${op.name}${keyOfAttribute(attributes)}${keyOfAval(tape.avals[id]!)}(`;
      for (const operand of ins) visit(operand);
      key += ")";
    }
  };
  for (const { outs } of members) {
    visit(outs[0]!);
    parameter(outs[0]!);
  }
  return { key, places: [...parameters.keys()] };
}
