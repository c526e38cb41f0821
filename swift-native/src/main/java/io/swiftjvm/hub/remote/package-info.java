/**
 * Downloads repositories of the Hugging Face and ModelScope hubs into the cache folders of their own libraries. Every
 * answer of a hub is treated as hostile, and a token goes to the hub's own host only.
 */
@NullMarked
package io.swiftjvm.hub.remote;

import org.jspecify.annotations.NullMarked;
