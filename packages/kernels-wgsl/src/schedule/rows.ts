import { byteSize, type Node, sizeOf } from "@dzdt/tensor";
import {
  type Address,
  addressOf,
  copyBytes,
  flatten,
  type Lowering,
  type LoopAttributes,
  type Plan,
  type Site,
  splitInputs,
  splitOutputs,
  type Value,
} from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { term } from "../wgsl/types";
import { heapBound } from "./heap";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";

/** A loop whose iterations know nothing of each other, so that each can be an invocation with memory of its own. */
export function isMap(plan: Plan, node: Node): boolean {
  if (node.op.control !== "loop") return false;
  const a = node.attributes as unknown as LoopAttributes;
  if (a.carries > 0 || a.condition || a.counted || a.length < 2 || a.ys.some((kind) => kind !== "each")) return false;
  const avals = [...node.ins, ...node.outs].map((id) => plan.tape.avals[id]!);
  if (avals.some((aval) => aval.dynamic)) return false;
  // Rows of bools may share a word, which only one invocation can write.
  return node.outs.every((id) => {
    const { dtype, shape } = plan.tape.avals[id]!;
    return dtype !== "bool" || sizeOf(shape.slice(1)) % 4 === 0;
  });
}

/** Memory of one invocation: the body's frame, then its heap. */
export function laneBytes(lowering: Lowering, node: Node, heapLimit: number): { frame: number; heap: number } {
  const { body, length } = node.attributes as unknown as LoopAttributes;
  const heap = Math.min(heapBound(body), Math.max(0, Math.floor(heapLimit / length / 16) * 16));
  // The number of the iteration comes first.
  return { frame: 16 + lowering.callee(body).bytes, heap };
}

/** A kernel of one invocation for each iteration. Its memory begins at `base`. */
export function rowsKernel(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  { base, heapLimit }: { base: number; heapLimit: number },
): Kernel {
  const a = node.attributes as unknown as LoopAttributes;
  const { frame, heap } = laneBytes(lowering, node, heapLimit);
  const { plan: body } = lowering.callee(a.body);
  const handle = module.declare("row", 1);
  module.define(handle, (k, [at]) => lowering.emitPlan({ k, frame: at!, fixed: false }, body));
  const kernel = module.kernel({ workgroup: String(groupSize) }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    const here = k.code.fresh("int32", invocation);
    const outer: Site = { k, frame: int(0), fixed: true };
    k.if(k.less(here, int(a.length)), () => {
      const start = k.add(int(base), k.mul(here, int(frame + heap)));
      const inner: Site = { k, frame: k.add(start, int(16)), fixed: false };
      k.code.line(`heap_top = ${term(k.add(start, int(frame))).text};`);
      k.code.line(`heap_end = u32(${term(k.add(start, int(frame + heap))).text});`);
      const row = a.reverse ? k.sub(int(a.length - 1), here) : here;
      k.store("int32", start, 0, row);
      const given = splitInputs(a, node.ins);
      const rowOf = (id: number, address: Address): Address => {
        const { dtype, shape } = plan.tape.avals[id]!;
        const bytes = sizeOf(shape.slice(1)) * byteSize(dtype);
        return { base: k.add(address.base, k.mul(row, int(bytes))), offset: address.offset };
      };
      const addresses = lowering.materialize(outer, plan, node).ins.map(({ place }) => addressOf(outer, place));
      const pointers = [
        start,
        ...given.xs.map((id, j) => flatten(outer, rowOf(id, addresses[j]!))),
        ...given.constants.map((_, j) => flatten(outer, addresses[given.xs.length + j]!)),
      ];
      body.tape.inputs.forEach((id, j) => {
        const place = body.places[id] as { slot: number };
        k.store("int32", inner.frame, place.slot, pointers[j]!);
      });
      k.call(handle, [inner.frame]);
      const outs = splitOutputs(a, node.outs, "loop").ys;
      lowering.outputs(body, (aval, place, literal, j) => {
        const id = outs[j]!;
        const to = rowOf(id, addressOf(outer, plan.places[id]!));
        if (place) copyBytes(outer, to, addressOf(inner, place), aval.dtype, sizeOf(aval.shape));
        else k.store(aval.dtype, to.base, to.offset, k.literal(aval.dtype, literal));
      });
    });
  });
  return { ...kernel, name: `${a.body.where} of each row`, groups: groupsFor(a.length, groupSize) };
}
