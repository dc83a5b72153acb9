import { sizeOf } from "../shape";
import type { Node } from "../tape";
import { int, type Site } from "./addressing";
import { emitPart, operationsOf } from "./elements";
import type { Value } from "./emitter";
import type { Lowering } from "./lower";
import { type Loop, loopOf } from "./operands";
import { bytesOf, type Place, type Plan } from "./plan";
import { type Axis, emitProductPart, productOf, productOperations } from "./product";
import { isFlat, rowAxes, rowAxisOf, type RowLoop } from "./row-loops";
import type { Stretch } from "./stretch";
import { inTiles, type Part } from "./tiles";

/** A loop over blocks of rows, in which each of several loops over elements goes over the block. */
export function lowerRowLoop(lowering: Lowering, site: Site, plan: Plan, loop: RowLoop): void {
  const { rows, block, kernels } = loop;
  const loops = kernels.map((members) => loopOf(plan, members));
  const axisOf = ({ members }: Loop): Axis | undefined => rowAxisOf(plan.tape, members[0]!, rows);
  const operations = (each: Loop): number =>
    productOperations(plan.tape, each.members[0]!) || operationsOf(plan.tape, each.nodes);
  const work = {
    name: kernels.at(-1)![0]!.op.name,
    length: rows,
    operations: loops.reduce((sum, each) => sum + operations(each), 0),
    unit: block,
    repeatable: true,
  };
  inTiles(lowering, site, work, (tile, part, thread) => {
    const { k } = tile;
    k.loop(Math.ceil(part.length / block), (n) => {
      // The last block begins so that it ends with the part: some rows are computed twice.
      const here = k.mul(n, int(k, block));
      const first = k.add(part.from, part.length % block === 0 ? here : k.min(here, int(k, part.length - block)));
      const inner: Site = { ...tile, given: passingAt(tile, plan, loop, first, thread) };
      for (const each of loops)
        k.scope(() => {
          const axis = axisOf(each);
          if (axis)
            emitProductPart(inner, plan, each.members[0]!, { axis, part: rowsOf(each.members[0]!, axis), thread });
          else emitPart(inner, each, shapeOf(plan, each.members), ...partOf(each.nodes, each.members));
        });

      function rowsOf(node: Node, axis: Axis): Part {
        // A row of the loop may be several of the product.
        const each = axis === "batch" ? 1 : productOf(plan.tape, node)!.rows.length / rows;
        return { from: k.mul(first, int(k, each)), length: block * each };
      }

      function partOf(nodes: readonly Node[], members: readonly Node[]): [Stretch, boolean] {
        const shape = shapeOf(plan, members);
        if (!nodes.every((node) => isFlat(plan.tape, node)))
          return [{ from: first, length: block, axes: rowAxes(shape, rows)! }, false];
        const width = sizeOf(shape) / rows;
        return [{ from: k.mul(first, int(k, width)), length: block * width, axes: 1 }, true];
      }
    });
  });
}

const shapeOf = (plan: Plan, members: readonly Node[]): readonly number[] =>
  plan.tape.avals[members[0]!.outs[0]!]!.shape;

/** Where whole values would begin of which each thread has memory for a block, so that its rows are where that is. */
function passingAt(
  { k, frame, given }: Site,
  plan: Plan,
  { passing, rows, block }: RowLoop,
  first: Value,
  thread: Value | undefined,
): ReadonlyMap<Place, Value> {
  const places = new Map(given);
  const before = thread ? k.sub(first, k.mul(thread, int(k, block))) : first;
  for (const id of passing) {
    const place = plan.places[id]! as { offset: number };
    const rowBytes = bytesOf(plan.tape.avals[id]!) / rows;
    places.set(plan.places[id]!, k.sub(k.add(frame, int(k, place.offset)), k.mul(before, int(k, rowBytes))));
  }
  return places;
}
