import { DTypeError, printShape, ShapeError, Tensor } from "@dzdt/tensor";

/** @throws DTypeError, ShapeError unless a path can be made of it */
export function checkKey(where: string, key: unknown): void {
  if (!(key instanceof Tensor) || key.dtype !== "uint32")
    throw new DTypeError(
      `${where}: key is ${key instanceof Tensor ? key.dtype : String(key)}; give uint32 [2], as random.key(seed) makes`,
    );
  if (key.ndim !== 1 || key.shape[0] !== 2)
    throw new ShapeError(
      `${where}: key has shape ${printShape(key.shape)}; give one key of shape [2], and vmap over several`,
    );
}
