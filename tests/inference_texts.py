"""Text of any characters, those that break offsets more often than others."""

from hypothesis import strategies as st

ANYTHING = st.text(
    st.one_of(
        st.sampled_from(list(" \t\n\r\xa0\u2003\u2028\u200b\ufeff\u200d\ufe0f\u0301😀👍🏽❤-.,:'’@#&;/_%東タ")),
        st.characters(exclude_categories=()),
        st.sampled_from(list("abcXYZ019")),
    )
)
