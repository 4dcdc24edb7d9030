// The program itself in another project folder: settings of a second workspace that fills the dataset of the first.
export * from "../../../index.ts";
