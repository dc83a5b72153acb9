import { type DType, eye, linalg, random, type Shape, type Tensor, zeros as zerosOf } from "@dzdt/tensor";

/** What an initialiser may want to know besides the shape. */
export interface InitializerOptions {
  readonly dtype: DType;
  /** Inputs of the layer that the tensor belongs to, also where the tensor is a bias. */
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Starting values of one tensor: a pure function of the key. Weights are `[in, out]`, biases `[out]`. */
export type Initializer = (key: Tensor, shape: Shape, options: InitializerOptions) => Tensor;

/** All zeros. */
export const zeros: Initializer = (_key, shape, { dtype }) => zerosOf(shape, { dtype });

/** Independent normal values of mean 0. @defaultValue std = 1 */
export const normal =
  ({ std = 1 }: { readonly std?: number } = {}): Initializer =>
  (key, shape, { dtype }) =>
    random.normal(key, shape, { dtype }).mul(std);

/** U(−a, a) with a = gain·√(6 / (fanIn + fanOut)). Glorot and Bengio 2010. @defaultValue gain = 1 */
export const glorotUniform =
  ({ gain = 1 }: { readonly gain?: number } = {}): Initializer =>
  (key, shape, { dtype, fanIn, fanOut }) =>
    uniform(key, shape, dtype, gain * Math.sqrt(6 / (fanIn + fanOut)));

/** U(−a, a) with a = 1/√fanIn: what PyTorch gives to the biases of a linear layer. */
export const fanInUniform: Initializer = (key, shape, { dtype, fanIn }) =>
  uniform(key, shape, dtype, 1 / Math.sqrt(fanIn));

/**
 * A matrix with orthonormal rows or columns (whichever are fewer), times gain: the Q of a normal matrix, its signs fixed so that Q is
 * uniform. Saxe, McClelland and Ganguli 2014. @defaultValue gain = 1
 */
export const orthogonal =
  ({ gain = 1 }: { readonly gain?: number } = {}): Initializer =>
  (key, shape, { dtype }) => {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined || shape.length !== 2)
      throw new Error(`orthogonal: takes a matrix, not shape [${shape.join(", ")}]; use another initialiser for it`);
    const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
    const [q, r] = linalg.qr(random.normal(key, [long, short], { dtype }));
    const signs = r.mul(eye(short, { dtype })).sum(0).sign();
    const tall = q.mul(signs).mul(gain);
    return rows < columns ? tall.transpose() : tall;
  };

const uniform = (key: Tensor, shape: Shape, dtype: DType, bound: number): Tensor =>
  random.uniform(key, shape, { dtype }).mul(2).sub(1).mul(bound);
