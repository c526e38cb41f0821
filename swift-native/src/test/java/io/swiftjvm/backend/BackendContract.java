package io.swiftjvm.backend;

/**
 * Every operation of a backend against the portable reference, at awkward sizes. A device's test implements this:
 *
 * {@snippet :
 * class AcmeContractTest implements BackendContract {
 *   public Stream<Backend> backends() {
 *     return Stream.of(CpuBackend.portable(1), new AcmeBackend(0));
 *   }
 * }
 * }
 */
public interface BackendContract extends ElementwiseContract, MatmulContract, FusedContract, FallbackContract, ReplayContract {}
