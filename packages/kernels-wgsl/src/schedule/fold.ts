import { type DType, type Node, sizeOf } from "@dzdt/tensor";
import {
  type Abreast,
  elementsWith,
  foldWidth,
  loopOf,
  type Plan,
  prepare,
  type Site,
  type Value,
} from "@dzdt/tensor/lower";
import type { Code } from "../wgsl/code";
import { type Callees, WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { numberAcross, numberOfFirst } from "../wgsl/sets";
import { term, typeOf } from "../wgsl/types";
import { groupsFor, type Kernel } from "./kernel";

/** Invocations that fold one element's terms: how many, and, as WGSL, which this is, and where in shared memory the first and this one leave a number. */
export interface Strip {
  readonly count: number;
  readonly lane: string;
  readonly first: string;
  readonly own: string;
}

const wholeGroup = (count: number): Strip => ({ count, lane: "i32(local.x)", first: "0u", own: "local.x" });

/** The element's terms are shared among the invocations of a strip, who put them together by sets as far as these reach, and by shared memory from there on. */
export class FoldEmitter extends WgslEmitter {
  readonly abreast: Abreast;
  private readonly strip: Strip;
  private shared: { readonly of: Value; readonly name: string } | undefined;

  constructor(callees: Callees, code: Code, strip: Strip) {
    super(callees, code);
    this.strip = strip;
    const reach = Math.min(callees.set, strip.count);
    this.abreast = {
      count: strip.count,
      positions: (from) => this.add(from, this.code.value("int32", strip.lane)),
      within: (body) => body(),
      lane: (value, lane) =>
        reach === strip.count ? this.told(value, (own) => numberOfFirst(own, reach)) : this.lanesTerm(value, lane),
      ...(reach === 1
        ? {}
        : {
            exchange: {
              reach,
              across: (value, distance) => this.told(value, (own) => numberAcross(own, distance)),
            },
          }),
    };
  }

  /** What another of the set has for a value. */
  private told(value: Value, told: (own: string) => string): Value {
    this.code.exchanges = true;
    return this.code.fresh(value.dtype, ofWord(value.dtype, told(wordOf(value))));
  }

  private lanesTerm(value: Value, lane: number): Value {
    if (this.shared?.of !== value) {
      const name = sharedName(value.dtype);
      this.code.line("workgroupBarrier();");
      this.code.line(`${name}[${this.strip.own}] = ${wordOf(value)};`);
      this.code.line("workgroupBarrier();");
      this.shared = { of: value, name };
    }
    const { first } = this.strip;
    const word = `${this.shared.name}[${first === "0u" ? lane : `${first} + ${lane}u`}]`;
    return this.code.fresh(value.dtype, ofWord(value.dtype, word));
  }
}

const single = ["float32", "int32", "uint32", "bool"] as const;

/** What the numbers of a dtype are called that the invocations of a workgroup share. */
export const sharedName = (dtype: DType): string => `shared_${dtype}`;
const wordOf = (value: Value): string =>
  value.dtype === "bool" ? `select(0u, 1u, ${term(value).text})` : term(value).text;

const ofWord = (dtype: DType, word: string): string => (dtype === "bool" ? `${word} != 0u` : word);

/** Shared memory of as many invocations. */
export const shared = (dtype: DType, width: number): string =>
  `var<workgroup> ${sharedName(dtype)}: array<${dtype === "bool" ? "u32" : typeOf(dtype)}, ${width}>;`;

/** Is each element of the node's result the fold of many terms that lie side by side? Bools share words, which only one workgroup may write. */
export function isFold(plan: Plan, node: Node): boolean {
  const avals = node.ins.map((id) => plan.tape.avals[id]!);
  const grouped = (plan.groups.get(node)?.length ?? 1) > 1;
  return (
    !grouped &&
    node.op.folds?.(avals, node.attributes) === true &&
    plan.tape.avals[node.outs[0]!]!.dtype !== "bool" &&
    sizeOf(plan.tape.avals[node.outs[0]!]!.shape) > 0
  );
}

/** A kernel of one workgroup for each element. */
export function foldKernel(module: WgslModule, plan: Plan, node: Node): Kernel {
  const { shape } = plan.tape.avals[node.outs[0]!]!;
  const size = sizeOf(shape);
  const dtypes = [...node.ins, ...node.outs].map((id) => plan.tape.avals[id]!.dtype);
  // As many as the order of folds has lanes, so that the bits are those of other targets.
  const width = Math.min(...dtypes.map(foldWidth));
  const globals = (dtypes.includes("float64") ? [...single, "float64" as const] : single)
    .map((dtype) => shared(dtype, width))
    .join("\n");
  const kernel = module.kernel({ workgroup: String(width), globals }, (plain) => {
    const k = new FoldEmitter(plain.callees, plain.code, wholeGroup(width));
    const int = (value: number): Value => k.literal("int32", value);
    const site: Site = { k, frame: int(0), fixed: true, given: module.arrays };
    const here = k.code.fresh("int32", "i32(group.x + group.y * groups.x)");
    const loop = loopOf(plan, [node]);
    const emit = elementsWith(k, loop, prepare(site, loop));
    // All take part in barriers, so those beyond the end compute the last element again.
    emit(k.flatIndex(shape, k.min(here, int(size - 1))));
  });
  return { ...kernel, name: node.op.name, groups: groupsFor(size, 1) };
}
