import { type Node, sizeOf } from "@dzdt/tensor";
import {
  elementsWith,
  loopOf,
  type Place,
  type Plan,
  prepare,
  productOf,
  type Site,
  type Value,
} from "@dzdt/tensor/lower";
import { declarations } from "../wgsl/arrays";
import { Code } from "../wgsl/code";
import type { WgslModule } from "../wgsl/module";
import {
  eachSum,
  type Operands,
  productGlobals,
  productGroup,
  type ProductLayout,
  type ProductNumbers,
  productText,
  sumsInOrder,
  tile,
} from "../wgsl/product";
import { term } from "../wgsl/types";
import { type Kernel, nameOf } from "./kernel";

/** Smaller results have a kernel of one invocation for each element. */
const fewest = 1024;
/** Narrower ones leave most of a tile empty. */
const narrowest = 16;

/** A product as tiles compute it. */
interface Tiled {
  readonly groups: readonly [number, number, number];
  readonly layout: ProductLayout;
  readonly numbers: ProductNumbers;
}

/** The name of the array of words that a place is in. */
function arrayOf({ arrays }: WgslModule, code: Code, place: Place): string {
  const address = arrays.get(place);
  return address ? code.arrayName(term(address).array!) : "memory";
}

/** How tiles compute the product of a node, and store it at a word; undefined where it is small, or its axes do not merge to rows and columns. */
function tiledOf(plan: Plan, node: Node, at: number): Tiled | undefined {
  const { places, tape } = plan;
  const product = productOf(tape, node);
  if (product?.dtype !== "float32" || sizeOf(tape.avals[node.outs[0]!]!.shape) < fewest) return undefined;
  const { loops: batch, rows, columns, inner: sum } = product;
  const [m, n] = [rows.length, columns.length];
  const count = batch.reduce((total, { length }) => total * length, 1);
  const groups = [Math.ceil(n / tile), Math.ceil(m / tile), count] as const;
  if (batch.length > 2 || Math.min(m, n) < narrowest || groups.some((each) => each > 65535)) return undefined;
  const [left, right] = node.ins.map((id) => places[id]!);
  // Rows of a loop are at addresses that are known when it runs.
  if (left?.kind !== "frame" || right?.kind !== "frame") return undefined;
  const [outer, inner] = batch.length === 2 ? batch : [undefined, ...batch];
  const length = inner?.length ?? 1;
  return {
    groups,
    layout: { leftAlongRows: sum.a === 1, rightAlongRows: columns.b === 1 },
    numbers: [
      ...[m, n, sum.length, length],
      ...[left.offset / 4, right.offset / 4, at, 0],
      ...[rows.a, sum.a, outer?.a ?? 0, inner?.a ?? 0],
      ...[sum.b, columns.b, outer?.b ?? 0, inner?.b ?? 0],
      ...[n, 1, m * n * length, m * n],
    ],
  };
}

/** A dense product by tiles in shared memory, alone or within a loop over elements. Undefined where there is none that tiles compute. */
export function productKernel(module: WgslModule, plan: Plan, node: Node): Kernel | undefined {
  const members = plan.groups.get(node) ?? [node];
  const loop = loopOf(plan, members);
  const product = loop.nodes.find(({ op }) => op.product !== undefined);
  if (!product) return undefined;
  const [id] = product.outs;
  const place = plan.places[id!];
  if (place && place.kind !== "frame") return undefined;
  const tiled = tiledOf(plan, product, (place?.offset ?? 0) / 4);
  if (!tiled) return undefined;
  const { groups, layout, numbers } = tiled;
  const [left, right] = product.ins.map((operand) => plan.places[operand]!);
  const operandsIn = (code: Code): Operands => [arrayOf(module, code, left!), arrayOf(module, code, right!)];
  if (place) {
    const code = new Code();
    const operands = operandsIn(code);
    const result = arrayOf(module, code, place);
    const text = productText(layout, operands, result, declarations(code.arrays, false));
    return { name: nameOf(loop), groups, fails: false, text, arrays: code.arrays, parameters: numbers };
  }
  const [m, n] = numbers as [number, number];
  const { shape } = plan.tape.avals[node.outs[0]!]!;
  const kernel = module.kernel({ workgroup: productGroup, globals: productGlobals }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    const site: Site = { k, frame: int(0), fixed: true, given: module.arrays };
    const prepared = prepare(site, loop);
    k.code.line(sumsInOrder(layout, numbers, operandsIn(k.code)));
    k.code.block(eachSum.head, () => {
      const row = k.code.fresh("int32", `i32(${eachSum.row})`);
      const column = k.code.fresh("int32", `i32(${eachSum.column})`);
      k.if(k.and(k.less(row, int(m)), k.less(column, int(n))), () => {
        const sum = k.code.fresh("float32", "sums[e]");
        const emit = elementsWith(k, loop, { ...prepared, numbers: new Map([...prepared.numbers, [id!, sum]]) });
        const batch = groups[2] === 1 ? int(0) : k.code.fresh("int32", "i32(group.z)");
        emit(k.flatIndex(shape, k.add(k.mul(k.add(k.mul(batch, int(m)), row), int(n)), column)));
      });
    });
  });
  return { ...kernel, name: nameOf(loop), groups };
}
