import { expect, test } from "vitest";
import * as autograd from "./index";

test("the front door shows these names and no others", () => {
  expect(Object.keys(autograd).sort().join(" ")).toMatchInlineSnapshot(
    `"checkpoint customJvp customVjp grad hessian hvp jacfwd jacobian jacrev jvp transforms valueAndGrad vjp vmap"`,
  );
});
