import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import { type Node, Tape } from "../tape";
import { firstAlike } from "./alike";
import {
  addressOf,
  copyBytes,
  flatten,
  int,
  memoryAt,
  readAt,
  readSlot,
  type Site,
  writeAt,
  writeSlot,
} from "./addressing";
import type { CallAttributes } from "./control";
import { lowerElements } from "./elements";
import { lowerRowLoop } from "./row-code";
import type { Memory, Value } from "./emitter";
import { Frame } from "./frame";
import { literalsOf } from "./literals";
import { lowerLoop } from "./loop";
import type { FunctionHandle, MachineModule } from "./machine";
import { lowerLanes } from "./registers/lanes";
import { lowerSteps } from "./registers/steps";
import { Repeated } from "./repeated";
import { remembered } from "./remembered";
import { type FunctionPlan, type Layout, type Place, placeInputs, type Plan, planTape } from "./plan";

/** Kernels per emitted function: engines compile functions one by one, and slowly when they are large. */
const kernelsPerFunction = 48;

/** Functions that a compiler may write out for calls side by side. Few of them are no longer than what calls one in turns. */
const mostWrittenOut = 32;

/** How many functions there are in a tape where each is written out wherever it is called. */
const functionsIn: (tape: Tape) => number = remembered(({ nodes }) =>
  nodes
    .flatMap(({ attributes }) => Object.values(attributes))
    .reduce<number>((sum, each) => (each instanceof Tape ? sum + functionsIn(each) : sum), 1),
);

/** Emits tapes as functions of one module. */
export class Lowering {
  readonly module: MachineModule;
  readonly layout: Layout;
  /** The first of the tapes that are one program: calls of any of them are calls of one function. */
  readonly first: (tape: Tape) => Tape = firstAlike();
  private readonly planned = new Map<Tape, FunctionPlan>();
  private readonly emitted = new Map<FunctionPlan, FunctionHandle>();
  private readonly repeated: Repeated = new Repeated(this);
  private functions = 0;

  constructor(module: MachineModule, layout: Layout = {}) {
    this.module = module;
    this.layout = layout;
  }

  /** The layout of a tape that calls refer to. Its inputs are pointers at the start of its frame. */
  readonly callee = (source: Tape): FunctionPlan => {
    const tape = this.first(source);
    let known = this.planned.get(tape);
    if (!known) {
      const frame = new Frame(0);
      const inputs = tape.inputs.map((id): Place =>
        tape.avals[id]!.dynamic
          ? placeInputs(frame, [tape.avals[id]!])[0]!
          : { kind: "pointer", slot: frame.allocate(4) },
      );
      const plan = planTape(tape, frame, inputs, this.callee, this.layout);
      this.planned.set(tape, (known = { plan, bytes: frame.bytes }));
    }
    return known;
  };

  /** A name that no other function has. */
  nameOf(name: string): string {
    return `${name}${this.functions++}`;
  }

  /** A function of its own for the code of `body`, called where `site` stands. */
  outline(site: Site, name: string, body: (inner: Site) => void): void {
    const { fixed } = site;
    const handle = this.module.declare(this.nameOf(name), fixed ? 0 : 1);
    this.module.define(handle, (k, [frame]) => body({ k, frame: frame ?? int(k, 0), fixed }));
    site.k.call(handle, fixed ? [] : [site.frame]);
  }

  /** Emits a plan's nodes, in functions of a bounded size when there are many. */
  emitPlan(site: Site, plan: Plan): void {
    const nodes = plan.tape.nodes.filter((node, n) => !plan.inlined[n] && !isAlias(node, plan));
    const kernels = this.repeated.find(plan, nodes);
    const emitAll = (inner: Site, from: number, to: number): void =>
      this.emitInTurns(inner, plan, nodes.slice(from, to), (node) => {
        const kernel = kernels.get(node);
        inner.k.scope(() =>
          kernel ? this.repeated.call(inner, plan, node, kernel) : this.emitNode(inner, plan, node),
        );
      });
    if (nodes.length <= kernelsPerFunction) emitAll(site, 0, nodes.length);
    else
      for (let from = 0; from < nodes.length; from += kernelsPerFunction)
        this.outline(site, plan.tape.where, (inner) => emitAll(inner, from, from + kernelsPerFunction));
  }

  /**
   * Emits nodes one by one. Where the target's compiler writes a function out wherever it is called, and that is many functions, what stands between the
   * calls is done in turns, and each turn ends with the call, which is there once: functions that call others twice are not twice as long as they.
   */
  private emitInTurns(site: Site, plan: Plan, nodes: readonly Node[], emit: (node: Node) => void): void {
    const { k } = site;
    const calls = nodes.filter(({ op }) => op.control === "call");
    const called = calls.map((node) => this.callee((node.attributes as CallAttributes).tape));
    const functions = new Set(called);
    const writtenOut = called.reduce((sum, { plan: { tape } }) => sum + functionsIn(tape), 0);
    if (!k.choose || functions.size === calls.length || writtenOut <= mostWrittenOut) return nodes.forEach(emit);
    const frame = k.variable(int(k, 0));
    const ends = [...calls.map((node) => nodes.indexOf(node)), nodes.length];
    k.loop(ends.length, (turn) => {
      const turns = ends.map((end, n) => (): void => {
        if (n > 0) this.leaveCall(site, plan, calls[n - 1]!);
        nodes.slice(n > 0 ? ends[n - 1]! + 1 : 0, end).forEach(emit);
        if (n < calls.length) frame.set(this.enterCall(site, plan, calls[n]!));
      });
      k.choose!(
        turn,
        turns.map((body, n) => [[n], body]),
      );
      k.choose!(
        turn,
        [...functions].map((each) => [
          called.flatMap((callee, n) => (callee === each ? [n] : [])),
          (): void => k.call(this.handleOf(each), [frame.get()]),
        ]),
      );
    });
  }

  /** Emits one node of a plan. Targets may have another way for some. */
  emitNode(site: Site, plan: Plan, node: Node): void {
    const { op } = node;
    const rows = plan.rowLoops.get(node);
    if (rows) lowerRowLoop(this, site, plan, rows);
    else if (op.element || op.alias) lowerElements(this, site, plan, node);
    else if (op.kernel) {
      const { scratch, ins } = this.materialize(site, plan, node);
      const types =
        op.kernel.scratch?.(
          ins.map(({ aval }) => aval),
          node.attributes,
        ) ?? [];
      const memory = (aval: Aval, place: Place): Memory => memoryAt(site, aval, addressOf(site, place));
      op.kernel.run(
        site.k,
        ins.map(({ aval, place }) => memory(aval, place)),
        node.outs.map((id) => memory(plan.tape.avals[id]!, plan.places[id]!)),
        types.map((aval, j) => memory(aval, { kind: "frame", offset: scratch[j]! })),
        node.attributes,
      );
    } else if (op.control === "call") this.emitCall(site, plan, node);
    else if (op.control === "cond") this.emitCond(site, plan, node);
    else if (op.control === "loop") {
      const mode = plan.inRegisters.get(node);
      if (mode === undefined) lowerLoop(this, site, plan, node);
      else if (mode === "steps") lowerSteps(this, site, plan, node);
      else lowerLanes(this, site, plan, node, mode);
    } else invariant(false, `${op.name} has no rule that computes it`);
  }

  /** Inputs of a node in memory: literals are written to the scratch that the plan set aside for them. */
  materialize(site: Site, plan: Plan, node: Node): { ins: { aval: Aval; place: Place }[]; scratch: readonly number[] } {
    const { tape, places } = plan;
    const scratch = [...plan.scratch.get(node)!];
    const ins = node.ins.map((id) => {
      const aval = tape.avals[id]!;
      const place = places[id];
      if (place) return { aval, place };
      const literal = literalsOf(tape).get(id);
      invariant(literal !== undefined, `${node.op.name} reads a value that is not in memory`);
      const offset = scratch.shift()!;
      site.k.store(aval.dtype, site.frame, offset, site.k.literal(aval.dtype, literal));
      return { aval, place: { kind: "frame", offset } as const };
    });
    return { ins, scratch };
  }

  /** Copies a value between places, that of another frame perhaps: for a dynamic value, what its slots say. */
  copy(site: Site, aval: Aval, to: Place, from: Place, there: Site = site): void {
    if (aval.dynamic) {
      invariant(to.kind === "rows" && from.kind === "rows", "dynamic values are in rows");
      for (const at of [0, 4, 8]) writeSlot(site, to.slot + at, readSlot(there, from.slot + at));
    } else copyBytes(site, addressOf(site, to), addressOf(there, from), aval.dtype, sizeOf(aval.shape));
  }

  /** Visits the outputs of a plan: each has a place, or is a literal. */
  outputs(plan: Plan, visit: (aval: Aval, place: Place | undefined, literal: number, k: number) => void): void {
    const literals = literalsOf(plan.tape);
    plan.tape.outputs.forEach((id, k) => visit(plan.tape.avals[id]!, plan.places[id], literals.get(id) ?? 0, k));
  }

  private emitCall(site: Site, plan: Plan, node: Node): void {
    const called = this.callee((node.attributes as CallAttributes).tape);
    site.k.call(this.handleOf(called), [this.enterCall(site, plan, node)]);
    this.leaveCall(site, plan, node);
  }

  /** Tells a function where its inputs are. @returns its frame */
  private enterCall(site: Site, plan: Plan, node: Node): Value {
    const callee = this.callee((node.attributes as CallAttributes).tape).plan;
    const { ins, scratch } = this.materialize(site, plan, node);
    const inside = this.siteOfCall(site, scratch[0]!);
    callee.tape.inputs.forEach((id, j) => {
      const slot = callee.places[id]!;
      const { aval, place } = ins[j]!;
      invariant(slot.kind !== "frame", "inputs of a callee are pointers");
      if (aval.dynamic) this.copy(inside, aval, slot, place, site);
      else writeSlot(inside, slot.slot, flatten(site, addressOf(site, place)));
    });
    return inside.frame;
  }

  private leaveCall(site: Site, plan: Plan, node: Node): void {
    const callee = this.callee((node.attributes as CallAttributes).tape).plan;
    this.copyOutputs(site, this.siteOfCall(site, plan.scratch.get(node)!.at(-1)!), callee, node, plan);
  }

  private siteOfCall({ k, frame }: Site, offset: number): Site {
    return { k, frame: k.add(frame, int(k, offset)), fixed: false };
  }

  private handleOf(called: FunctionPlan): FunctionHandle {
    let handle = this.emitted.get(called);
    if (!handle) {
      const { plan } = called;
      this.emitted.set(called, (handle = this.module.declare(this.nameOf(plan.tape.where), 1)));
      this.module.define(handle, (k, [frame]) => this.emitPlan({ k, frame: frame!, fixed: false }, plan));
    }
    return handle;
  }

  private emitCond(site: Site, plan: Plan, node: Node): void {
    const { k } = site;
    const { ins } = this.materialize(site, plan, node);
    const predicate = readAt(site, "bool", ins[0]!.place);
    const [onTrue, onFalse] = plan.inner.get(node)!.map((branch) => () => {
      this.outline(site, "cond", (inner) => {
        this.emitPlan(inner, branch);
        this.copyOutputs(inner, inner, branch, node, plan);
      });
    });
    k.if(predicate, onTrue!, onFalse);
  }

  /** Copies the outputs of an inner plan to the places of the node that holds it. */
  private copyOutputs(site: Site, inside: Site, inner: Plan, node: Node, plan: Plan): void {
    this.outputs(inner, (aval, place, literal, j) => {
      const to = plan.places[node.outs[j]!]!;
      if (place) this.copy(site, aval, to, place, inside);
      else writeAt(site, aval.dtype, to, site.k.literal(aval.dtype, literal));
    });
  }
}

const isAlias = (node: Node, plan: Plan): boolean =>
  node.op.alias === true &&
  plan.places[node.outs[0]!] === plan.places[node.ins[0]!] &&
  plan.places[node.ins[0]!] !== undefined;
