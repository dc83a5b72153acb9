import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Kahan and Li's s9odr6a of order 6, drift first, nine forces per step, with smaller errors than `yoshida6`.
 * Kahan and Li 1997, doi:10.1090/S0025-5718-97-00873-9.
 */
export const kahanLi6S9: SymplecticSolver = symplecticSplitting({
  name: "kahanLi6S9",
  order: 6,
  sequence: [
    ["drift", 0.19608072200365706],
    ["kick", 0.3921614440073141],
    ["drift", 0.3623802903983368],
    ["kick", 0.33259913678935943],
    ["drift", -0.18682351788413995],
    ["kick", -0.7062461725576393],
    ["drift", -0.3120162881320443],
    ["kick", 0.0822135962935508],
    ["drift", 0.44037879361419036],
    ["kick", 0.79854399093483],
    ["drift", 0.44037879361419036],
    ["kick", 0.0822135962935508],
    ["drift", -0.3120162881320443],
    ["kick", -0.7062461725576393],
    ["drift", -0.18682351788413995],
    ["kick", 0.33259913678935943],
    ["drift", 0.3623802903983368],
    ["kick", 0.3921614440073141],
    ["drift", 0.19608072200365706],
  ],
  reference: "Kahan and Li 1997, doi:10.1090/S0025-5718-97-00873-9",
});
