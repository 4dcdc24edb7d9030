// The program itself, as a stack of another project folder: settings of a second workspace, whose events come into the dataset of the first.
export * from "../../../index.ts";
