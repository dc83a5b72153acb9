import { UnsupportedError } from "./errors";
import { printShape } from "./shape";
import type { Target } from "./targets/target";
import { Tensor } from "./tensor";

/** How numbers that must be waited for go to another target. */
const copying = "tensor(await x.data(), { target }).reshape(x.shape)";

const typeOf = ({ dtype, shape }: Tensor): string => `${dtype}${printShape(shape)}`;

/** Must the numbers of a concrete tensor be waited for? */
const isFar = (x: Tensor): boolean => x.target.read(x.storage) instanceof Promise;

/** A copy of a concrete tensor on another target. @throws UnsupportedError where its numbers must be waited for */
export function copyTo(where: string, x: Tensor, target: Target): Tensor {
  const values = x.target.read(x.storage);
  if (values instanceof Promise) {
    const { name } = x.target;
    const there = name === target.name ? `another target named ${name}` : target.name;
    throw new UnsupportedError(
      `${where}: ${typeOf(x)} on ${name} cannot be copied to ${there} at once, as its numbers must be waited for; use ${copying}`,
    );
  }
  return Tensor.concrete(target.upload(values.slice(), x.dtype, x.shape), x.aval, target);
}

/** What to throw where concrete tensors of two targets meet. */
export function doNotMix(where: string, x: Tensor, y: Tensor): UnsupportedError {
  const [one, other] = [x.target.name, y.target.name];
  const both =
    one === other
      ? `tensors on two targets named ${one} do not mix (${typeOf(x)} on one, ${typeOf(y)} on the other)`
      : `tensors on ${one} and on ${other} do not mix`;
  const near = [x, y].filter((each) => !isFar(each));
  if (near.length === 0)
    return new UnsupportedError(`${where}: ${both}; use one target for all, or copy one of them with ${copying}`);
  const moved = near.length === 1 && one !== other ? `the one on ${near[0]!.target.name}` : "one";
  return new UnsupportedError(`${where}: ${both}; move ${moved} with to(target)`);
}
