import { broadcastTo, permute, type Tensor } from "@dzdt/tensor";
import { numbers } from "./problem";

/** What there is one of for each row, or for each row of each trajectory, shaped to go beside `x`, whose axes begin with those. */
export const beside = (one: Tensor, { shape }: Pick<Tensor, "shape">): Tensor =>
  one.reshape([...one.shape, ...shape.slice(one.ndim).map(() => 1)]);

/** The places of rows, int32 `[count]` from 0 on, on the tape of `like`. */
export const placesOf = (like: Tensor, count: number): Tensor => ordinals(like, count).sub(1);

/** 1, 2, … as int32 `[count]`, on the tape of `like`. */
export const ordinals = (like: Tensor, count: number): Tensor => broadcastTo(numbers(like).int(1), [count]).cumsum(0);

/** `[batch, rows, …]` as `[rows, batch, …]`. */
export const rowsFirst = (x: Tensor): Tensor => permute(x, [1, 0, ...x.shape.slice(2).map((_, a) => a + 2)]);
