import { type Node, sizeOf } from "@dzdt/tensor";
import type { Lowering, MatmulSpec, Plan, Value } from "@dzdt/tensor/lower";
import { Code } from "../wgsl/code";
import { type Callees, WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { productText } from "../wgsl/product";
import { term } from "../wgsl/types";
import type { Kernel } from "./kernel";
import { emitNodes } from "./single";

/** Smaller results have a kernel of one invocation for each element. */
const fewest = 1024;
/** Narrower ones leave most of a tile empty. */
const narrowest = 16;
/** Rows and columns of the result that a workgroup computes. */
const tile = 64;

/** Takes down the products that a node is made of instead of emitting them, at the first two positions of each of its batches. */
class ProductEmitter extends WgslEmitter {
  readonly lengths: number[] = [];
  readonly found: { readonly digits: readonly number[]; readonly spec: MatmulSpec }[] = [];
  private readonly digits: number[] = [];

  constructor(callees: Callees) {
    super(callees, new Code());
  }

  override loop(count: Value | number, body: (i: Value) => void): void {
    const length = typeof count === "number" ? count : term(count).number!;
    this.lengths[this.digits.length] = length;
    for (let digit = 0; digit < Math.min(length, 2); digit++) {
      this.digits.push(digit);
      body(this.literal("int32", digit));
      this.digits.pop();
    }
  }

  override matmul(spec: MatmulSpec): void {
    this.found.push({ digits: [...this.digits], spec });
  }
}

/** A dense product by tiles in shared memory; undefined where it is small, or its axes do not merge to rows and columns. */
export function productKernel(module: WgslModule, lowering: Lowering, plan: Plan, node: Node): Kernel | undefined {
  const out = plan.tape.avals[node.outs[0]!]!;
  if (!node.op.product || out.dtype !== "float32" || sizeOf(out.shape) < fewest) return undefined;
  const k = new ProductEmitter(module);
  emitNodes(lowering, plan, [node], k);
  const [first] = k.found;
  if (!first || k.lengths.length > 2 || first.digits.some((digit) => digit !== 0) || first.spec.accumulate)
    return undefined;
  const { m, n, k: depth, a, b, c } = first.spec;
  const batch = k.lengths.reduce((product, length) => product * length, 1);
  const groups = [Math.ceil(n / tile), Math.ceil(m / tile), batch] as const;
  if (Math.min(m, n) < narrowest || groups.some((count) => count > 65535)) return undefined;
  const wordOf = (address: Value): number => term(address).number! / 4;
  /** Words from one position of a batch to the next. */
  const stride = (which: "a" | "b" | "c", axis: number): number => {
    const next = k.found.find(({ digits }) => digits.every((digit, j) => digit === Number(j === axis)) && digits[axis]);
    return next ? wordOf(next.spec[which].address) - wordOf(first.spec[which].address) : 0;
  };
  const two = k.lengths.length === 2;
  const strides = (which: "a" | "b" | "c"): number[] =>
    two ? [stride(which, 0), stride(which, 1)] : [stride(which, 0), 0];
  return {
    name: node.op.name,
    groups,
    fails: false,
    text: productText({ leftAlongRows: a.columnStride === 1, rightAlongRows: b.columnStride === 1 }),
    parameters: [
      ...[m, n, depth, two ? k.lengths[1]! : 1],
      ...[wordOf(a.address), wordOf(b.address), wordOf(c.address), 0],
      ...[a.rowStride, a.columnStride, ...strides("a")],
      ...[b.rowStride, b.columnStride, ...strides("b")],
      ...[c.rowStride, 1, ...strides("c")],
    ],
  };
}
