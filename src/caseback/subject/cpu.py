"""What this CPU can multiply by instructions of its own; what it cannot takes many times as long."""

import torch


def native_on_cpu(dtype: torch.dtype | None) -> bool:
    """Whether matrices of the type are multiplied without being emulated."""
    if dtype == torch.bfloat16:
        has_mkldnn = bool(torch._C._has_mkldnn)  # what torch.backends.mkldnn.is_available returns, untyped
        return has_mkldnn and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype != torch.float16
