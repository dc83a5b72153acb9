export { det, logdet } from "./determinant";
export { expm } from "./expm";
export { cholesky, eigh, lu, qr, svd } from "./factorisations";
export { inv, lstsq, solve, triangularSolve, type TriangularOptions } from "./solve";
