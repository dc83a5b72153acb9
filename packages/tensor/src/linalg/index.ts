export { det, logdet } from "./determinant";
export { expm } from "./expm";
export { cholesky, lu, qr } from "./factorisations";
export { inv, lstsq, solve, triangularSolve, type TriangularOptions } from "./solve";
