//! Functions that are compiled several times, for the instructions that a processor may have.

/// Define a function that runs compiled for the widest instructions of the processor at hand. What is to gain by them
/// must be inlined into it (`#[inline(always)]`), because what it calls is compiled for every processor.
macro_rules! widest {
    ($(#[$about:meta])* $visible:vis fn $name:ident($($given:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$about])*
        $visible fn $name($($given: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn plain($($given: $kind),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn widest($($given: $kind),*) $(-> $result)? {
                    plain($($given),*)
                }
                #[target_feature(enable = "avx2")]
                fn wide($($given: $kind),*) $(-> $result)? {
                    plain($($given),*)
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has these instructions.
                    return unsafe { widest($($given),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { wide($($given),*) };
                }
            }
            plain($($given),*)
        }
    };
}

pub(crate) use widest;
