import { sameAttribute } from "../key";
import type { Attribute } from "../primitive";
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

/** What kernels compute that are the same but for addresses: operations, attributes, types and numbers, one after another. */
interface Form {
  readonly parts: readonly unknown[];
  handle: FunctionHandle | undefined;
}

/** A kernel with the memory that it reads and writes, in the order of the function's parameters. */
interface Kernel {
  readonly form: Form;
  readonly places: readonly Place[];
}

/** Kernels that are the same but for addresses. */
export class Repeated {
  readonly #lowering: Lowering;
  /** By what all kernels of a form have in common. */
  readonly #forms = new Map<string, Form[]>();

  constructor(lowering: Lowering) {
    this.#lowering = lowering;
  }

  /** Those among the nodes of a plan that stand there often. */
  find(plan: Plan, nodes: readonly Node[]): ReadonlyMap<Node, Kernel> {
    const kernels = new Map<Node, Kernel>();
    const { addressable = false, threads = 1 } = this.#lowering.module;
    // Work that threads share is a function already.
    if (nodes.length < leastKernels || !addressable || threads > 1) return kernels;
    // Only of nodes that have some copies by what can be seen at once.
    for (const [outline, alike] of groupBy(nodes, (node) => outlineOf(plan, node))) {
      if (alike.length < leastCopies) continue;
      const found = new Map<Node, Kernel>();
      for (const node of alike) {
        const kernel = this.#kernelOf(plan, node, outline);
        if (kernel !== undefined) found.set(node, kernel);
      }
      for (const copies of groupBy([...found.keys()], (node) => found.get(node)!.form).values())
        if (copies.length >= leastCopies) for (const node of copies) kernels.set(node, found.get(node)!);
    }
    return kernels;
  }

  #kernelOf(plan: Plan, node: Node, outline: string): Kernel | undefined {
    const described = describe(plan, node);
    if (!described) return undefined;
    const { parts, places } = described;
    let forms = this.#forms.get(outline);
    if (!forms) this.#forms.set(outline, (forms = []));
    let form = forms.find((other) => sameAttribute(other.parts as Attribute, parts as Attribute));
    if (!form) forms.push((form = { parts, handle: undefined }));
    return { form, places };
  }

  /** Calls a kernel's function, which is made from the first that asks for it. */
  call(site: Site, plan: Plan, node: Node, { form, places }: Kernel): void {
    const { module } = this.#lowering;
    let { handle } = form;
    if (!handle) {
      form.handle = handle = module.declare(this.#lowering.nameOf(node.op.name), places.length);
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

function groupBy<K>(nodes: readonly Node[], keyOf: (node: Node) => K): ReadonlyMap<K, readonly Node[]> {
  const groups = new Map<K, Node[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    const same = groups.get(key);
    if (same) same.push(node);
    else groups.set(key, [node]);
  }
  return groups;
}

/** What all copies of a kernel have in common, and few others. */
function outlineOf({ tape, groups }: Plan, node: Node): string {
  const members = groups.get(node)?.length ?? 1;
  return `${node.op.name} ${members} ${tape.avals[node.outs[0]!]?.shape.join()}`;
}

/** The parts of a kernel that computes elements and stands at a node; undefined where there is none, or where it is not for its addresses alone that it differs. */
function describe(
  plan: Plan,
  node: Node,
): { readonly parts: unknown[]; readonly places: readonly Place[] } | undefined {
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
  const parts: unknown[] = [];
  const parameter = (id: number): void => {
    const place = places[id]!;
    let at = parameters.get(place);
    if (at === undefined) parameters.set(place, (at = parameters.size));
    parts.push("@", at, tape.avals[id]);
  };
  const visit = (id: number): void => {
    const at = known.get(id);
    if (at !== undefined) parts.push("^", at);
    else if (places[id] && !own.has(id)) parameter(id);
    else if (literals.has(id)) parts.push("#", tape.avals[id], literals.get(id));
    else {
      const { op, ins, attributes } = producers.get(id)!;
      known.set(id, known.size);
      parts.push(op, attributes, tape.avals[id], ins.length);
      for (const operand of ins) visit(operand);
    }
  };
  for (const { outs } of members) {
    visit(outs[0]!);
    parameter(outs[0]!);
  }
  return { parts, places: [...parameters.keys()] };
}
