package io.swiftjvm.backend;

/**
 * Whether a kind of device can be used here.
 *
 * @param kind the name to ask for: cuda, npu, mps, cpu
 * @param available true if {@link Devices#open} would succeed
 * @param reason what was found, for reports and plans
 */
public record DeviceInfo(String kind, boolean available, String reason) {}
