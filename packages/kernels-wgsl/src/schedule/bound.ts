import type { Aval, Node, Tape } from "@dzdt/tensor";
import { bytesOf, loopOf, type Place, type Plan } from "@dzdt/tensor/lower";
import { roomFor } from "../runtime/pool";
import { mostKept } from "../runtime/storage";
import type { BoundArray } from "../wgsl/arrays";

/**
 * Which values of a tape may be bound, if they are inputs or results: those that kernels of the whole device alone read and write, and that are never
 * with the host. Bools share words.
 * @param isGrid is the code of a node such a kernel? @param limit the most bytes of a buffer; a result's has a word more
 */
export function bindable(
  { nodes, avals }: Tape,
  isGrid: (node: Node) => boolean,
  limit: number,
): (id: number) => boolean {
  // What has other views is known as the first of them.
  const first = new Map<number, number>();
  const firstOf = (id: number): number => first.get(id) ?? id;
  const copied = new Set<number>();
  for (const node of nodes) {
    if (node.op.alias) first.set(node.outs[0]!, firstOf(node.ins[0]!));
    if (!isGrid(node)) for (const id of [...node.ins, ...node.outs]) copied.add(firstOf(id));
  }
  const fits = (aval: Aval): boolean =>
    !aval.dynamic && aval.dtype !== "bool" && bytesOf(aval) > mostKept && roomFor(bytesOf(aval) + 4) <= limit;
  return (id) => fits(avals[id]!) && !copied.has(firstOf(id));
}

/** The place of a value that may be bound. It gets room in the memory after all else, where its kernels have too many of those. */
export interface LatePlace {
  readonly kind: "frame";
  offset: number;
  readonly bytes: number;
}

/**
 * Which inputs and results of a plan are bound: the largest first, and no more for a kernel than `most`.
 * @param kernels the nodes of each @param late the places of those that may be bound
 */
export function boundArrays(
  plan: Plan,
  kernels: readonly (readonly Node[])[],
  late: readonly LatePlace[],
  most: number,
): Map<Place, BoundArray> {
  const bound = new Map<Place, BoundArray>();
  const uses = kernels.map((nodes) => ({ places: new Set(nodes.flatMap((node) => placesOf(plan, node))), count: 0 }));
  for (const place of [...late].sort((a, b) => b.bytes - a.bytes)) {
    const array = arrayAt(plan, place);
    const own = uses.filter(({ places }) => places.has(place));
    if (!array || own.some(({ count }) => count >= most)) continue;
    bound.set(place, array);
    for (const use of own) use.count++;
  }
  return bound;
}

/** What the code of a node reads and writes. */
export function placesOf(plan: Plan, node: Node): Place[] {
  const { members, reads } = loopOf(plan, plan.groups.get(node) ?? [node]);
  return [...reads, ...members.flatMap(({ outs }) => outs)].flatMap((id) => plan.places[id] ?? []);
}

/** Where a value enters, or else leaves first; undefined for one that a result is computed from last of all. */
function arrayAt({ tape, places }: Plan, place: LatePlace): BoundArray | undefined {
  const among = (of: BoundArray["of"], ids: readonly number[]): BoundArray | undefined => {
    const index = ids.findIndex((id) => places[id] === place);
    return index < 0 ? undefined : { of, index, words: place.bytes / 4 };
  };
  return among("inputs", tape.inputs) ?? among("results", tape.outputs);
}
