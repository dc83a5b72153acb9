import type { Aval, Node } from "@dzdt/tensor";
import {
  type Address,
  addressOf,
  bytesOf,
  type Emitter,
  flatten,
  type Lowering,
  memoryAt,
  type Memory,
  type Plan,
  type Site,
  type Value,
} from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";
import { roundUp } from "./lines";
import { scanPasses } from "./scan";
import { scatterPasses } from "./scatter";
import { sortPasses } from "./sort";

/** What a node reads and writes, as a pass sees it. */
export interface Memories {
  readonly ins: readonly Memory[];
  readonly out: Memory;
  readonly scratch: readonly Memory[];
  /** One of two of them, of one type, as the pass finds when it runs. */
  readonly either: (isFirst: Value, first: Memory, second: Memory) => Memory;
}

/** One dispatch: so many invocations, none of which needs what another writes. */
export interface Pass {
  readonly count: number;
  /** The code of the invocation `here`. Passes that share it differ by a number at most. */
  readonly run: (k: Emitter, here: Value, memories: Memories, number: Value) => void;
  readonly number?: number;
}

/** A node as one dispatch after another, with the working memory that they share. */
export interface Passes {
  readonly list: readonly Pass[];
  readonly scratch: readonly Aval[];
}

/** A node whose lines many invocations work on together; undefined where there is no such way, or none that is worth it. */
export function passesOf({ tape }: Pick<Plan, "tape">, { op, ins, outs, attributes }: Node): Passes | undefined {
  const known = op.kernel?.known?.(attributes);
  const avals = ins.map((id) => tape.avals[id]!);
  // Bools share words, which only one invocation may write.
  if (!known || outs.some((id) => tape.avals[id]!.dtype === "bool")) return undefined;
  switch (known.kind) {
    case "sort":
      return sortPasses(avals[0]!, known);
    case "scan":
      return scanPasses(avals, known);
    case "scatter":
      return scatterPasses(avals, known);
  }
}

/** Bytes of the working memory of all passes. */
export const passesBytes = ({ scratch }: Passes): number =>
  scratch.reduce((sum, aval) => sum + roundUp(bytesOf(aval)), 0);

/** A kernel for each pass. Their working memory begins at `base`. */
export function passesKernels(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  { list, scratch }: Passes,
  base: number,
): Kernel[] {
  const texts = new Map<Pass["run"], ReturnType<WgslModule["kernel"]>>();
  const textOf = ({ count, run }: Pass): ReturnType<WgslModule["kernel"]> =>
    module.kernel({ workgroup: String(groupSize) }, (k) => {
      const int = (value: number): Value => k.literal("int32", value);
      const here = k.code.fresh("int32", invocation);
      const number = k.code.named("int32", "i32(run.again)");
      k.if(k.less(here, int(count)), () =>
        run(k, here, memoriesOf({ k, frame: int(0), fixed: true }, lowering, plan, node, scratch, base), number),
      );
    });
  return list.map((pass) => {
    const text = texts.get(pass.run) ?? textOf(pass);
    texts.set(pass.run, text);
    const { count, number } = pass;
    const name = list.length > 1 ? `${node.op.name} in ${list.length} passes` : node.op.name;
    return {
      ...text,
      name,
      groups: groupsFor(count, groupSize),
      ...(number === undefined ? {} : { parameters: [number] }),
    };
  });
}

function memoriesOf(
  site: Site,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  scratch: readonly Aval[],
  base: number,
): Memories {
  const { ins } = lowering.materialize(site, plan, node);
  const out = node.outs[0]!;
  const addresses = new Map<Memory, Value>();
  const memory = (aval: Aval, address: Address): Memory => {
    const made = memoryAt(site, aval, address);
    addresses.set(made, flatten(site, address));
    return made;
  };
  let offset = base;
  return {
    ins: ins.map(({ aval, place }) => memory(aval, addressOf(site, place))),
    out: memory(plan.tape.avals[out]!, addressOf(site, plan.places[out]!)),
    scratch: scratch.map((aval) => {
      const at = { base: site.frame, offset };
      offset += roundUp(bytesOf(aval));
      return memory(aval, at);
    }),
    either: (isFirst, first, second) => {
      const base = site.k.select(isFirst, addresses.get(first)!, addresses.get(second)!);
      return memory(first, { base, offset: 0 });
    },
  };
}
