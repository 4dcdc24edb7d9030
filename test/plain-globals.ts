import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

const { createContext } = vm;

/**
 * Node's environment of jest, with an ordinary global object. jest's own is a proxy, by which it deletes what a test has added: each use
 * of a name such as `Object` calls it, which was up to 40 % of the processor time of a test. The collector frees an ordinary one whole.
 */
export default class PlainGlobals extends TestEnvironment {
  constructor(...options: ConstructorParameters<typeof TestEnvironment>) {
    // The constructor makes the context, and has no option for it.
    const plain = { createContext: () => createContext(vm.constants.DONT_CONTEXTIFY) };
    Object.assign(vm, plain);
    try {
      super(...options);
    } finally {
      Object.assign(vm, { createContext });
    }
  }
}
