import { expect, test } from "vitest";
import * as tensor from "./index";

test("the front door shows these names and no others", () => {
  expect(Object.keys(tensor).sort().join(" ")).toMatchInlineSnapshot(
    `"DTypeError OutOfMemoryError ProgramCache ShapeError Tape Tensor TraceError UnsupportedError abs acos add all and any applyTape arange argmax argmin argsort asTensor asin atan atan2 bind broadcastShapes broadcastTo byteSize call cast ceil check checkCheckpoints checkFunction checkOptions clip compile concat cond contract conv1d conv2d convTranspose2d cos cosh cumprod cumsum defaultTarget div dot dtypes dynamicSlice dynamicUpdate einsum elu enclosingTarget equal erf erfinv evaluate exp expandDims expm1 eye flip floor fori formatTape full fullLike gather gelu greater greaterEqual inlineTape innermost invariant io isFinite isFloat isInteger isNaN js keyOfTape less lessEqual linalg linspace log log1p logSoftmax logsumexp loop matmul max maximum mean min minimum mod mul neg norm normalizeAxes normalizeAxis not notEqual numberLike ones onesLike ops or outer pad permute positive pow primitive printShape prod promote random real registerFailure relu reshape round rsqrt runTape sameShape scan scatterAdd shiftLeft shiftRight sigmoid sign silu sin sinh sizeOf slice softmax softplus sort split sqrt square squeeze stack std stopGradient sub sum take tan tanh tensor tile trace transpose tree variance wasm where whileLoop withTarget withinRule xor zeros zerosLike"`,
  );
  const groups = { random: tensor.random, linalg: tensor.linalg, io: tensor.io, tree: tensor.tree };
  for (const [name, group] of Object.entries(groups))
    expect(Object.keys(group).sort().join(" "), name).toMatchSnapshot();
});
