export { fieldNetwork, type FieldNetwork, type FieldNetworkOptions } from "./model";
