/** Huawei Ascend NPUs through ACL and aclnn, bound by FFM. Verified against a simulator of the interface only. */
@NullMarked
package io.swiftjvm.backend.ascend;

import org.jspecify.annotations.NullMarked;
