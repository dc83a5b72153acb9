import type { Aval, Node } from "@dzdt/tensor";
import {
  type Address,
  addressOf,
  bytesOf,
  firstFrame,
  type Lowering,
  memoryAt,
  type Memory,
  type Plan,
  type Site,
  type Value,
} from "@dzdt/tensor/lower";
import { Code } from "../wgsl/code";
import { type Callees, WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";

/** How a kernel rule goes through lines or matrices that have nothing to do with each other. */
export interface Lines {
  readonly count: number;
  /** Working memory of one. */
  readonly bytes: number;
}

/** Each independent iteration of a rule's outermost loop is an invocation. */
class LineEmitter extends WgslEmitter {
  lines = 0;
  /** Does the rule do anything beside that loop? */
  apart = false;
  private within = false;
  private readonly here: Value;

  constructor(callees: Callees, code: Code, here: Value) {
    super(callees, code);
    this.here = here;
  }

  readonly independent = (count: number, body: (i: Value) => void): void => {
    if (this.within || this.lines > 0) {
      this.apart ||= !this.within;
      return this.loop(count, body);
    }
    this.lines = count;
    this.within = true;
    this.if(this.less(this.here, this.literal("int32", count)), () => body(this.here));
    this.within = false;
  };

  override store(...args: Parameters<WgslEmitter["store"]>): void {
    this.apart ||= !this.within;
    super.store(...args);
  }

  /** That the run fails is said once. */
  override fail(...args: Parameters<WgslEmitter["fail"]>): void {
    if (this.within) super.fail(...args);
    else this.if(this.equal(this.here, this.literal("int32", 0)), () => super.fail(...args));
  }
}

/** Working memory begins at multiples of 16 bytes. */
export const roundUp = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** How many lines the kernel rule of a node has; undefined where they are not all that it does. */
export function linesOf(module: WgslModule, lowering: Lowering, plan: Plan, node: Node): Lines | undefined {
  if (!node.op.kernel || node.outs.some((id) => plan.tape.avals[id]!.dtype === "bool")) return undefined;
  const code = new Code();
  const k = new LineEmitter(module, code, code.named("int32", "here"));
  // Any address serves but that of the top of the heap.
  run(k, lowering, plan, node, firstFrame, 0);
  const bytes = scratchOf(plan, node).reduce((sum, aval) => sum + roundUp(bytesOf(aval)), 0);
  return k.apart || k.lines < 2 ? undefined : { count: k.lines, bytes };
}

/** The code of one line, for a rule whose lines need no working memory. */
export function emitLine(site: Site, ins: readonly Address[], plan: Plan, node: Node, here: Value): void {
  const { callees, code } = site.k as WgslEmitter;
  const k = new LineEmitter(callees, code, here);
  runRule(k, { ...site, k }, plan, node, ins, []);
}

/** A kernel of one invocation for each line. Their working memory begins at `base`. */
export function linesKernel(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  { count, bytes }: Lines,
  base: number,
): Kernel {
  const kernel = module.kernel({ workgroup: String(groupSize) }, (plain) => {
    const here = plain.code.fresh("int32", invocation);
    const k = new LineEmitter(plain.callees, plain.code, here);
    run(k, lowering, plan, node, base, bytes, here);
  });
  return { ...kernel, name: `${node.op.name} of each line`, groups: groupsFor(count, groupSize) };
}

const scratchOf = (plan: Plan, { op, ins, attributes }: Node): readonly Aval[] =>
  op.kernel!.scratch?.(
    ins.map((id) => plan.tape.avals[id]!),
    attributes,
  ) ?? [];

function run(
  k: LineEmitter,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  base: number,
  bytes: number,
  here: Value = k.literal("int32", 0),
): void {
  const int = (value: number): Value => k.literal("int32", value);
  const site: Site = { k, frame: int(0), fixed: true };
  // Numbers of the program are written by all alike.
  const { ins } = lowering.materialize({ ...site, k: new WgslEmitter(k.callees, k.code) }, plan, node);
  const own = k.add(int(base), k.mul(here, int(bytes)));
  let offset = 0;
  const scratch = scratchOf(plan, node).map((aval) => {
    const at = { base: own, offset };
    offset += roundUp(bytesOf(aval));
    return memoryAt(site, aval, at);
  });
  const at = ins.map(({ place }) => addressOf(site, place));
  runRule(k, site, plan, node, at, scratch);
}

function runRule(
  k: LineEmitter,
  site: Site,
  plan: Plan,
  { op, ins, outs, attributes }: Node,
  at: readonly Address[],
  scratch: readonly Memory[],
): void {
  const { avals } = plan.tape;
  op.kernel!.run(
    k,
    ins.map((id, j) => memoryAt(site, avals[id]!, at[j]!)),
    outs.map((id) => memoryAt(site, avals[id]!, addressOf(site, plan.places[id]!))),
    scratch,
    attributes,
  );
}

/** Bytes of the working memory of all lines. */
export const linesBytes = ({ count, bytes }: Lines): number => count * bytes;
