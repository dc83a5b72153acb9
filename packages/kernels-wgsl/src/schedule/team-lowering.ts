import { byteSize, type Node, sizeOf } from "@dzdt/tensor";
import {
  type Address,
  addressOf,
  elementsWith,
  foldWidth,
  isComputedLater,
  isProduct,
  loopOf,
  Lowering,
  type MachineEmitter,
  type MachineModule,
  type Plan,
  prepare,
  type Prepared,
  type Site,
} from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { FoldEmitter, isFold } from "./fold";
import { perWord } from "./grid";
import { type Span, spanOf } from "./hazards";
import { emitLine, linesOf } from "./lines";
import { TeamEmitter } from "./team-emitter";

/** Lowers nodes to code that the invocations of a workgroup run together: control flow in step, arrays shared out. */
export class TeamLowering extends Lowering {
  override readonly callee: Lowering["callee"];
  private readonly own: WgslModule;
  private readonly single: Lowering;

  /** @param single lowers what one member does alone; both have the same plans */
  constructor(module: WgslModule, single: Lowering, size: number) {
    super(ofTeams(module, size));
    this.own = module;
    this.single = single;
    this.callee = single.callee;
  }

  override outline(site: Site, name: string, body: (inner: Site) => void): void {
    const k = site.k as TeamEmitter;
    if (k.half && name === "body") k.passBody();
    else super.outline(site, name, body);
  }

  override emitNode(site: Site, plan: Plan, node: Node): void {
    const k = site.k as TeamEmitter;
    const dynamic = [...node.ins, ...node.outs].some((id) => plan.tape.avals[id]!.dynamic);
    const bools = node.outs.some((id) => plan.tape.avals[id]!.dtype === "bool");
    if (node.op.kernel) this.shareLines(site, plan, node);
    else if (node.op.control) {
      if (plan.inRegisters.has(node)) this.leave(site, plan, node);
      else super.emitNode(site, plan, node);
    } else if (dynamic && bools) this.leave(site, plan, node);
    else if (dynamic || this.isOneProduct(plan, node)) super.emitNode(site, plan, node);
    else if (!isComputedLater(plan, node)) shareElements(k, site, plan, node);
  }

  /** A product whose elements are enough for all members; those of a batch are elements like others. */
  private isOneProduct(plan: Plan, node: Node): boolean {
    const avals = node.ins.map((id) => plan.tape.avals[id]!);
    return node.op.product?.(avals, node.attributes).batch.length === 0 && isProduct(plan, node);
  }

  /** Control flow that only one goes through. */
  private leave(site: Site, plan: Plan, node: Node): void {
    (site.k as TeamEmitter).leader((k) => this.single.emitNode({ ...site, k }, plan, node));
  }

  /** A kernel rule: lines that need nothing of each other are shared. */
  shareLines(site: Site, plan: Plan, node: Node): void {
    const lines = linesOf(this.own, this.single, plan, node);
    const team = site.k as TeamEmitter;
    if (!lines || lines.bytes > 0) return team.one((k) => this.single.emitNode({ ...site, k }, plan, node));
    const { avals } = plan.tape;
    const { ins } = this.materialize(site, plan, node);
    const addresses = ins.map(({ place }) => addressOf(site, place));
    const outs = node.outs.map((id) => addressOf(site, plan.places[id]!));
    const spans = (ids: readonly number[], at: readonly Address[]): Span[] =>
      ids.map((id, j) => spanOf(at[j]!.base, at[j]!.offset, sizeOf(avals[id]!.shape) * byteSize(avals[id]!.dtype)));
    team.touch(spans(node.ins, addresses), spans(node.outs, outs));
    team.each(lines.count, (k, line) => emitLine({ ...site, k }, addresses, plan, node, line));
  }
}

/** A module whose functions are run by teams. */
const ofTeams = (module: WgslModule, size: number): MachineModule => ({
  declare: (name, parameters) => module.declare(name, parameters),
  define: (handle, body) =>
    module.define(handle, (plain: MachineEmitter, parameters) => {
      const { callees, code } = plain as WgslEmitter;
      const k = new TeamEmitter(callees, code, size);
      body(k, parameters);
      k.wait();
    }),
  export: () => undefined,
});

/** Elements of a result, or of several that share code. */
export function shareElements(team: TeamEmitter, site: Site, plan: Plan, node: Node): void {
  const { avals } = plan.tape;
  const members = plan.groups.get(node) ?? [node];
  const outs = members.map(({ outs: [id] }) => id!);
  const { shape } = avals[outs[0]!]!;
  const size = sizeOf(shape);
  if (size === 0) return;
  const loop = loopOf(plan, members);
  const prepared = prepare(site, loop);
  team.touch(spansOf(plan, prepared, loop.reads), spansOf(plan, prepared, outs));
  if (isShort(plan, node, size, team.size)) return shareFold(team, plan, node, prepared);
  // Bools are bytes: a member writes the four of one word, so that no two write to the same word.
  const each = outs.some((id) => avals[id]!.dtype === "bool") ? perWord : 1;
  team.each(Math.ceil(size / each), (k, here) => {
    const int = (value: number): ReturnType<typeof k.literal> => k.literal("int32", value);
    const emit = elementsWith(k, loop, prepared);
    if (each === 1) return emit(k.flatIndex(shape, here));
    k.loop(each, (lane) => {
      const position = k.add(k.mul(here, int(each)), lane);
      k.if(k.less(position, int(size)), () => emit(k.flatIndex(shape, position)));
    });
  });
}

function spansOf(plan: Plan, { addresses }: Prepared, ids: readonly number[]): Span[] {
  return ids.map((id) => {
    const { dtype, shape } = plan.tape.avals[id]!;
    const { base, offset } = addresses.get(id)!;
    return spanOf(base, offset, Math.max(4, sizeOf(shape) * byteSize(dtype)));
  });
}

/** Folds that are too few for the members to have one each, so that several share its terms. */
function isShort(plan: Plan, node: Node, size: number, team: number): boolean {
  if (!isFold(plan, node) || [...node.ins, ...node.outs].some((id) => plan.tape.avals[id]!.dtype === "float64"))
    return false;
  return team >= foldWidth("float32") && 2 * size <= team;
}

/** Members in strips; each folds one element at a time. */
function shareFold(team: TeamEmitter, plan: Plan, node: Node, prepared: Prepared): void {
  const { shape } = plan.tape.avals[node.outs[0]!]!;
  const size = sizeOf(shape);
  const width = foldWidth("float32");
  const strips = team.size / width;
  const lane = `member % ${width}i`;
  const strip = { count: width, lane, own: "u32(member)", first: `u32(member - ${lane})` };
  const k = new FoldEmitter(team.callees, team.code, strip);
  const int = (value: number): ReturnType<typeof k.literal> => k.literal("int32", value);
  const emit = elementsWith(k, loopOf(plan, [node]), prepared);
  const own = k.code.value("int32", `member / ${width}i`);
  k.loop(Math.ceil(size / strips), (round) => {
    // All take part in barriers, so those beyond the end compute the last element again.
    emit(k.flatIndex(shape, k.min(k.add(k.mul(round, int(strips)), own), int(size - 1))));
  });
}
